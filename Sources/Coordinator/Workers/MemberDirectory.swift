internal import Cluster
internal import Wire

/// What the coordinator knows of every worker that has said hello.
struct MemberDirectory {
  struct Entry {
    let peer: Peer
    let member: Member
    let name: String
    let process: UInt32
    let fingerprint: String
    var isReady = false
    var hasDelivered = false
    var assembly = DeliveryAssembly()
    /// The version of each run's parameters that it was sent last.
    var versions: [Int: Int] = [:]
  }

  private var entries: [Peer: Entry] = [:]

  subscript(peer: Peer) -> Entry? {
    get { entries[peer] }
    set { entries[peer] = newValue }
  }

  subscript(member: Member) -> Entry? { entries.values.first { $0.member == member } }

  /// Everybody, in the order of their names.
  var all: [Entry] { entries.values.sorted { ($0.name, $0.peer.description) < ($1.name, $1.peer.description) } }

  /// Those that take part, in the order of their names.
  var ready: [Entry] { all.filter(\.isReady) }

  /// The incarnations under a name.
  func entry(name: String, process: UInt32) -> Entry? {
    entries.values.first { $0.name == name && $0.process == process }
  }

  mutating func update<Value>(_ peer: Peer, _ body: (inout Entry) -> Value) -> Value? {
    guard var entry = entries[peer] else { return nil }
    defer { entries[peer] = entry }
    return body(&entry)
  }
}

extension Tenbin_Fingerprint {
  /// The text that must be equal on all workers of an audit.
  var text: String {
    let digits = canary.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    return "processor \(processor); libtorch \(libtorch); device \(device); canary \(digits.prefix(16))"
  }
}

package import Scheduler
package import Transport

/// What the coordinator knows of a worker that has said hello.
package struct MemberEntry {
  package let peer: Peer
  package let member: Member
  package let name: String
  package let process: UInt32
  package let host: String
  package let fingerprint: String
  /// Its bulk socket is connected; it prepares itself.
  package internal(set) var isAdmitted = false
  /// It takes part.
  package internal(set) var isReady = false
  /// When something last came of it.
  var lastHeard: Duration = .zero
  package internal(set) var sharesMemory = false
  package internal(set) var peakResidentBytes: UInt64 = 0
  var hasDelivered = false
  var assembly = DeliveryAssembly()
  /// The version of each run's parameters that it was sent last.
  var versions: [Int: Int] = [:]
  /// Runs whose plan it was sent.
  var plans: Set<Int> = []
  /// Its files in the shared folder.
  var files: [String: SharedFile] = [:]
}

/// Every worker that has said hello.
package struct MemberDirectory {
  private var entries: [Peer: MemberEntry] = [:]
  private var peers: [Member: Peer] = [:]

  package subscript(peer: Peer) -> MemberEntry? { entries[peer] }

  package subscript(member: Member) -> MemberEntry? { peers[member].flatMap { entries[$0] } }

  /// Everybody, in the order of their names.
  package var all: [MemberEntry] {
    entries.values.sorted { ($0.name, $0.peer.description) < ($1.name, $1.peer.description) }
  }

  /// Those that take part, in the order of their names.
  package var ready: [MemberEntry] { all.filter(\.isReady) }

  /// Those that do not take part yet, in any order: this is asked for many times a second.
  var strangers: [MemberEntry] { entries.values.filter { !$0.isReady } }

  /// Whether somebody fetches or loads what it needs to take part.
  package var isSomebodyPreparing: Bool { entries.values.contains { $0.isAdmitted && !$0.isReady } }

  /// The incarnation of a process under a name.
  package func entry(name: String, process: UInt32) -> MemberEntry? {
    entries.values.first { $0.name == name && $0.process == process }
  }

  mutating func insert(_ entry: MemberEntry) {
    entries[entry.peer] = entry
    peers[entry.member] = entry.peer
  }

  mutating func remove(_ peer: Peer) {
    if let entry = entries.removeValue(forKey: peer) { peers[entry.member] = nil }
  }

  /// Nobody counts as having a run's parameters.
  mutating func forgetVersions(of run: Int) {
    for peer in entries.keys { entries[peer]?.versions[run] = nil }
  }

  /// Changes an entry in place; nil when there is none.
  mutating func update<Value>(_ peer: Peer, _ body: (inout MemberEntry) throws -> Value) rethrows -> Value? {
    guard let index = entries.index(forKey: peer) else { return nil }
    return try body(&entries.values[index])
  }
}

internal import Optimization
package import Scheduler
package import Transport

/// The coordinator's entry of a worker that has joined.
package struct ConnectedWorker {
  package let peer: Peer
  package let identifier: WorkerIdentifier
  package let name: String
  package let process: UInt32
  package let host: String
  package let fingerprint: String
  /// Its bulk socket is connected, and it fetches what it needs.
  package internal(set) var isAdmitted = false
  /// It takes part.
  package internal(set) var isReady = false
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

  init(peer: Peer, hello: Tenbin_Hello, fingerprint: String, lastHeard: Duration) {
    self.peer = peer
    identifier = WorkerIdentifier(peer.description)
    name = hello.name.printable
    process = hello.process
    host = hello.host.printable
    self.fingerprint = fingerprint
    self.lastHeard = lastHeard
  }
}

/// Every worker that has said hello.
package struct WorkerTable {
  private var entries: [Peer: ConnectedWorker] = [:]
  private var peers: [WorkerIdentifier: Peer] = [:]

  package subscript(peer: Peer) -> ConnectedWorker? { entries[peer] }

  package subscript(identifier: WorkerIdentifier) -> ConnectedWorker? { peers[identifier].flatMap { entries[$0] } }

  /// All workers, in the order of their names.
  package var all: [ConnectedWorker] {
    entries.values.sorted { ($0.name, $0.peer.description) < ($1.name, $1.peer.description) }
  }

  /// The workers that take part, in the order of their names.
  package var ready: [ConnectedWorker] { all.filter(\.isReady) }

  /// The workers that do not take part yet, in any order, because this is called many times per second.
  var unready: [ConnectedWorker] { entries.values.filter { !$0.isReady } }

  /// Whether any worker fetches or loads what it needs to take part.
  package var isPreparing: Bool { entries.values.contains { $0.isAdmitted && !$0.isReady } }

  /// The worker with this name and process identifier.
  package func worker(name: String, process: UInt32) -> ConnectedWorker? {
    entries.values.first { $0.name == name && $0.process == process }
  }

  mutating func insert(_ worker: ConnectedWorker) {
    entries[worker.peer] = worker
    peers[worker.identifier] = worker.peer
  }

  mutating func remove(_ peer: Peer) {
    if let worker = entries.removeValue(forKey: peer) { peers[worker.identifier] = nil }
  }

  /// No worker counts as having a run's parameters any more.
  mutating func forgetVersions(of run: Int) {
    for peer in entries.keys { entries[peer]?.versions[run] = nil }
  }

  /// Changes a worker's entry in place; nil when there is none.
  mutating func update<Value>(_ peer: Peer, _ body: (inout ConnectedWorker) throws -> Value) rethrows -> Value? {
    guard let index = entries.index(forKey: peer) else { return nil }
    return try body(&entries.values[index])
  }
}

/// Puts a delivery's message together with its transfers, which come over another socket in any order. The bytes that
/// are expected of a peer bound what it may leave here.
struct DeliveryAssembly {
  private var transfers: [UInt64: Transfer] = [:]
  private var deliveries: [Tenbin_Delivery] = []

  /// A delivery with the transfers that its parts name.
  struct Whole {
    let delivery: Tenbin_Delivery
    let transfers: [UInt64: Transfer]
  }

  mutating func insert(_ transfer: Transfer, identifier: UInt64) -> [Whole] {
    transfers[identifier] = transfer
    return takeWhole()
  }

  mutating func insert(_ delivery: Tenbin_Delivery) -> [Whole] {
    deliveries.append(delivery)
    return takeWhole()
  }

  private mutating func takeWhole() -> [Whole] {
    var whole: [Whole] = []
    deliveries.removeAll { delivery in
      let needed = delivery.parts.compactMap { part -> UInt64? in
        if case .transfer(let identifier) = part.location { identifier } else { nil }
      }
      guard needed.allSatisfy({ transfers[$0] != nil }) else { return false }
      var found: [UInt64: Transfer] = [:]
      for identifier in needed { found[identifier] = transfers.removeValue(forKey: identifier) }
      whole.append(Whole(delivery: delivery, transfers: found))
      return true
    }
    return whole
  }
}

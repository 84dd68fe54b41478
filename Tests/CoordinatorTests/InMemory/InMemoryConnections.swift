import Coordinator
import SwiftProtobuf
import Synchronization
import Transport

/// Connections without sockets: they keep what is sent to each peer until the test takes it.
final class InMemoryConnections: PeerConnections {
  let control: String
  let bulk: String
  private let state = Mutex(State())
  private let events: @Sendable (CoordinatorEvent) -> Void

  enum Sent: Sendable {
    case message(Tenbin_CoordinatorMessage.OneOf_Body)
    case transfer(Transfer)
  }

  private struct State {
    var sent: [Peer: [Sent]] = [:]
    var admitted: Set<Peer> = []
    var expected: [Peer: Int] = [:]
    var isClosed = false
  }

  /// - Parameters:
  ///   - control: the address that peers connect to.
  ///   - events: takes what peers send.
  init(control: String, events: @escaping @Sendable (CoordinatorEvent) -> Void) {
    self.control = control
    bulk = control + "1"
    self.events = events
  }

  var traffic: Traffic { Traffic() }
  var refusals: [String: Int] { [:] }

  func send(_ body: Tenbin_CoordinatorMessage.OneOf_Body, to peer: Peer) {
    state.withLock { $0.sent[peer, default: []].append(.message(body)) }
  }

  func send(_ transfer: Transfer, to peer: Peer) {
    var copy = transfer
    // Sent at once: nothing waits for it.
    copy.owner = nil
    let sent = copy
    state.withLock { $0.sent[peer, default: []].append(.transfer(sent)) }
  }

  func admit(_ peer: Peer) { _ = state.withLock { $0.admitted.insert(peer) } }

  func expect(bytes: Int, from peer: Peer) { state.withLock { $0.expected[peer, default: 0] += bytes } }

  func forget(_ peer: Peer) { _ = state.withLock { $0.admitted.remove(peer) } }

  func answer(_ reply: Tenbin_AdministrationReply, to requester: Requester) {}

  func close() { state.withLock { $0.isClosed = true } }

  /// What was sent to a peer since this was called last.
  func takeSent(to peer: Peer) -> [Sent] { state.withLock { $0.sent.removeValue(forKey: peer) ?? [] } }

  func isAdmitted(_ peer: Peer) -> Bool { state.withLock { $0.admitted.contains(peer) } }

  /// The bytes that the peer may send in transfers, all together.
  func expectedBytes(of peer: Peer) -> Int { state.withLock { $0.expected[peer] ?? 0 } }

  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Passes on what a peer sends.
  func receive(_ body: Tenbin_WorkerMessage.OneOf_Body, from peer: Peer) {
    events(.message(.with { $0.body = body }, from: peer))
  }

  func receive(_ event: CoordinatorEvent) { events(event) }
}

/// A reducer's connection to a coordinator in the same process.
final class InMemoryCoordinatorConnection: CoordinatorConnection {
  private let coordinator: InMemoryConnections
  private let peer: Peer

  init(to coordinator: InMemoryConnections, as peer: Peer) {
    self.coordinator = coordinator
    self.peer = peer
  }

  func send(_ body: Tenbin_WorkerMessage.OneOf_Body) { coordinator.receive(body, from: peer) }

  func send(_ transfer: Transfer, identifier: UInt64) {
    coordinator.receive(.transfer(transfer, identifier: identifier, from: peer))
  }

  func connectBulk(to address: Address, sharesMemory: Bool) {
    coordinator.receive(.ready(peer, sharesMemory: sharesMemory))
  }

  func close() {}
}

internal import Foundation
internal import SwiftProtobuf

/// The loop on the coordinator's socket thread.
final class CoordinatorSocketLoop: SocketLoop {
  let sockets: CoordinatorSockets
  let counter: TrafficCounter
  let refusals: RefusalCounter
  let emit: @Sendable (CoordinatorEvent) -> Void
  let started = ContinuousClock.now
  var peers = PeerTable()
  private var poller: Poller
  /// Peers that may be sent another chunk, each in its turn.
  private var round: [Peer] = []
  private var nextTransfer: UInt64 = 1
  private var hasFailed = false

  init(
    sockets: CoordinatorSockets, wakeUp: Int32, counter: TrafficCounter, refusals: RefusalCounter,
    events send: @escaping @Sendable (CoordinatorEvent) -> Void
  ) {
    (self.sockets, self.counter, self.refusals, emit) = (sockets, counter, refusals, send)
    let listening = [sockets.control, sockets.bulk] + (sockets.administration.map { [$0] } ?? [])
    poller = Poller(sockets: listening + sockets.monitors.map(\.socket), wakeUp: wakeUp)
  }

  func handle(_ command: CoordinatorCommand) {
    switch command {
    case .message(let message, let peer): send(message, to: peer)
    case .transfer(let transfer, let peer):
      nextTransfer += 1
      let isThere = peers.update(peer) { entry in
        guard entry.standing != .refused else { return false }
        entry.outbound.add(transfer, identifier: nextTransfer)
        return true
      }
      if isThere == true { joinRound(peer) }
    case .admit(let peer): if !peers.admit(peer) { emit(.unreachable(peer)) }
    case .expect(let bytes, let peer): peers.update(peer) { $0.inbound.expect(bytes: bytes) }
    case .forget(let peer): peers.forget(peer)
    case .reply(let reply, let requester): answer(reply, to: requester)
    }
  }

  func poll() {
    sendChunks()
    poller.wait(milliseconds: hasFailed ? 100 : round.isEmpty ? -1 : 0)
    do throws(WireError) {
      // Bounded, so that the outbox gets its turn under a flood.
      for _ in 0..<256 {
        let hadControl = try sockets.control.receive(receiveControl)
        let hadBulk = try sockets.bulk.receive(receiveBulk)
        let hadRequest = try sockets.administration?.receive(receiveRequest) ?? false
        if !hadControl && !hadBulk && !hadRequest { break }
      }
      for monitor in sockets.monitors {
        // A refused key was counted by the authenticator.
        while let event = try monitor.next() { if event == .handshakeFailed { refusals.count(.handshake) } }
      }
    } catch { fail(error) }
  }

  func close() { sockets.close() }

  /// Sends a control message, and drops the peer where that is not possible.
  func send(_ message: Tenbin_CoordinatorMessage, to peer: Peer) {
    let encoded = message.encoded
    counter.count(sent: encoded.count)
    var isRefusal = false
    if case .refusal? = message.body { isRefusal = true }
    do throws(WireError) {
      guard try sockets.control.send([peer.routingIdentifier, encoded]) == .sent else { return lose(peer) }
      peers.answered(peer, withRefusal: isRefusal)
    } catch { fail(error) }
  }

  func lose(_ peer: Peer) {
    let wasKnown = peers[peer].map { $0.standing != .unknown && $0.standing != .refused } ?? true
    peers.forget(peer)
    if wasKnown { emit(.unreachable(peer)) }
  }

  func fail(_ error: WireError) {
    guard !hasFailed else { return }
    hasFailed = true
    emit(.failed(error))
  }

  /// Lets a peer take part in the round, where it is ready and there is something for it.
  func joinRound(_ peer: Peer) {
    let joins = peers.update(peer) { entry in
      guard entry.isReady, !entry.isInRound, entry.outbound.next() != nil else { return false }
      entry.isInRound = true
      return true
    }
    if joins == true { round.append(peer) }
  }

  /// Sends one chunk to each peer in turn; a few milliseconds' worth, so that control messages need not wait longer.
  private func sendChunks() {
    for _ in 0..<16 {
      guard !round.isEmpty else { return }
      let peer = round.removeFirst()
      guard let chunk = peers[peer]?.outbound.next() else {
        peers.update(peer) { $0.isInRound = false }
        continue
      }
      do throws(WireError) {
        guard try sockets.bulk.send([peer.routingIdentifier, chunk.header], payload: chunk.payload) == .sent else {
          lose(peer)
          continue
        }
        counter.count(sent: chunk.bytes)
        peers.update(peer) { $0.outbound.sent(chunk) }
        round.append(peer)
      } catch { fail(error) }
    }
  }
}

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

  /// Sends a control message, and drops the peer if that fails.
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

  /// Adds a peer to the round if it is ready and a chunk waits for it.
  func joinRound(_ peer: Peer) {
    let joins = peers.update(peer) { entry in
      guard entry.isReady, !entry.isInRound, entry.outbound.next() != nil else { return false }
      entry.isInRound = true
      return true
    }
    if joins == true { round.append(peer) }
  }

  /// Sends one chunk to each peer in turn, for a few milliseconds, so that control messages need not wait longer.
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

/// Messages from the control and bulk sockets.
extension CoordinatorSocketLoop {
  func receiveControl(_ frames: [UnsafeRawBufferPointer], user: String?) {
    guard let first = frames.first else { return }
    let peer = Peer(routingIdentifier: Array(first))
    counter.count(received: frames.reduce(0) { $0 + $1.count })
    if frames.count == 3, AdministrationFrames.isMarker(frames[1]) {
      return receiveRequest(frames, at: .control, user: user)
    }
    let role = user.flatMap { User($0)?.role }
    if user != nil, role != .worker, role != .reducer {
      return apply(peers.malformed(peer, user: user, because: .wrongRole, isFatal: true), to: peer)
    }
    guard frames.count == 2, frames[1].count <= WireLimits.control,
      let message = try? Tenbin_WorkerMessage(serializedBytes: Array(frames[1]))
    else { return apply(peers.malformed(peer, user: user, because: .unreadableMessage), to: peer) }
    guard message.protocol == CoordinatorEndpoint.protocolVersion else {
      let detail =
        "the worker speaks version \(message.protocol) of the protocol, the coordinator "
        + "\(CoordinatorEndpoint.protocolVersion); install the same version of Tenbin on both"
      return apply(
        peers.malformed(peer, user: user, because: .otherVersion, isFatal: true), to: peer, detail: detail)
    }
    if case .hello(let hello)? = message.body, let role, hello.isReducer != (role == .reducer) {
      return apply(peers.malformed(peer, user: user, because: .wrongRole, isFatal: true), to: peer)
    }
    let kind: PeerTable.Kind
    switch message.body {
    case .hello?: kind = .hello
    case .goodbye?: kind = .goodbye
    case nil: return apply(peers.malformed(peer, user: user, because: .emptyMessage), to: peer)
    default: kind = .other
    }
    let verdict = peers.judge(kind, from: peer, user: user, second: second)
    guard verdict == .take else { return apply(verdict, to: peer) }
    // Answered here, so that a busy coordinator does not seem dead.
    if case .heartbeat? = message.body { answerHeartbeat(of: peer) }
    emit(.message(message, from: peer))
  }

  func receiveBulk(_ frames: [UnsafeRawBufferPointer], user: String?) {
    guard let first = frames.first else { return }
    let peer = Peer(routingIdentifier: Array(first))
    counter.count(received: frames.reduce(0) { $0 + $1.count })
    guard frames.count == 3, frames[1].count <= WireLimits.header, frames[2].count <= WireLimits.chunk,
      let header = try? Tenbin_ChunkHeader(serializedBytes: Array(frames[1]))
    else {
      // A chunk of an unknown peer makes no entry, so that it costs no memory.
      guard peers[peer] != nil else { return refusals.count(.unreadableChunk) }
      return apply(peers.malformed(peer, user: user, because: .unreadableChunk), to: peer)
    }
    switch header.subject {
    case .ready(let ready)?:
      let verdict = peers.judgeReady(from: peer, user: user)
      guard verdict == .take else { return apply(verdict, to: peer) }
      emit(.ready(peer, sharesMemory: ready.sharesMemory))
      joinRound(peer)
    case .credit(let credit)?:
      let verdict = peers.judgeChunk(from: peer, user: user)
      guard verdict == .take else { return apply(verdict, to: peer) }
      guard peers.update(peer, { $0.outbound.acknowledge(credit.bytes) }) == true else {
        return apply(peers.malformed(peer, user: user, because: .badCredit), to: peer)
      }
      joinRound(peer)
    default: receiveChunk(header, frames, from: peer, user: user)
    }
  }

  private func receiveChunk(
    _ header: Tenbin_ChunkHeader, _ frames: [UnsafeRawBufferPointer], from peer: Peer, user: String?
  ) {
    let verdict = peers.judgeChunk(from: peer, user: user)
    guard verdict == .take else { return apply(verdict, to: peer) }
    typealias Whole = (identifier: UInt64, transfer: Transfer)
    let outcome = peers.update(peer) { entry -> Result<(Whole?, Int), ChunkError> in
      do throws(ChunkError) {
        let whole = try entry.inbound.take(
          header: header, payload: frames[2], frameBytes: frames[1].count + frames[2].count)
        return .success((whole, entry.inbound.acknowledgement()))
      } catch { return .failure(error) }
    }
    switch outcome {
    case .success(let (whole, bytes))?:
      if bytes > 0 { acknowledge(bytes, to: peer) }
      if let whole { emit(.transfer(whole.transfer, identifier: whole.identifier, from: peer)) }
    case .failure(let error)?:
      let verdict = peers.malformed(peer, user: user, because: error.reason, isFatal: error == .overWindow)
      apply(verdict, to: peer, detail: error.description)
    case nil: break
    }
  }

  private func acknowledge(_ bytes: Int, to peer: Peer) {
    do throws(WireError) {
      let header = Tenbin_ChunkHeader.credit(bytes)
      counter.count(sent: header.count)
      if try sockets.bulk.send([peer.routingIdentifier, header], payload: []) == .unreachable { lose(peer) }
    } catch { fail(error) }
  }

  /// Counts a dropped frame, and tells the peer and the owner if the verdict says so.
  private func apply(_ verdict: PeerTable.Verdict, to peer: Peer, detail: String? = nil) {
    switch verdict {
    case .take: break
    case .drop(let reason, let tell, let report):
      refusals.count(reason)
      let text = detail ?? reason.rawValue
      if report { emit(.malformed(reason: text, from: peer)) }
      if tell { refuse(peer, because: text, mayReturn: false) }
    case .invite(let reason):
      refusals.count(reason)
      refuse(peer, because: reason.rawValue, mayReturn: true)
    }
  }

  /// Tells a peer, if it is still connected, that it is refused. Its entry was changed before.
  private func refuse(_ peer: Peer, because reason: String, mayReturn: Bool) {
    var message = Tenbin_CoordinatorMessage()
    message.protocol = CoordinatorEndpoint.protocolVersion
    message.refusal.reason = reason
    message.refusal.mayReturn = mayReturn
    let encoded = message.encoded
    do throws(WireError) {
      if try sockets.control.send([peer.routingIdentifier, encoded]) == .sent { counter.count(sent: encoded.count) }
    } catch { fail(error) }
  }

  private func answerHeartbeat(of peer: Peer) {
    var message = Tenbin_CoordinatorMessage()
    message.protocol = CoordinatorEndpoint.protocolVersion
    message.heartbeatAnswer = Tenbin_HeartbeatAnswer()
    send(message, to: peer)
  }

  private var second: Int { Int(started.duration(to: .now).components.seconds) }
}

/// Requests from people's shells.
extension CoordinatorSocketLoop {
  func receiveRequest(_ frames: [UnsafeRawBufferPointer], user: String?) {
    guard let first = frames.first else { return }
    counter.count(received: frames.reduce(0) { $0 + $1.count })
    guard frames.count == 3, AdministrationFrames.isMarker(frames[1]) else {
      let requester = Requester(door: .administration, routingIdentifier: Array(first))
      return refuse(requester, because: .badRequest)
    }
    receiveRequest(frames, at: .administration, user: user)
  }

  /// Takes a request, a routing identifier, the marker and a message, that came through `door`.
  func receiveRequest(_ frames: [UnsafeRawBufferPointer], at door: Requester.Door, user: String?) {
    let requester = Requester(door: door, routingIdentifier: Array(frames[0]))
    if door == .control {
      guard let user else { return refuse(requester, because: .administrationWithoutKeys) }
      guard User(user)?.role == .admin else { return refuse(requester, because: .wrongRole) }
    }
    guard frames[2].count <= WireLimits.control,
      let request = try? Tenbin_AdministrationRequest(serializedBytes: Array(frames[2]))
    else { return refuse(requester, because: .badRequest) }
    guard request.protocol == CoordinatorEndpoint.protocolVersion else {
      return refuse(requester, because: .otherVersion)
    }
    guard request.body != nil else { return refuse(requester, because: .badRequest) }
    emit(.request(request, from: requester))
  }

  func answer(_ reply: Tenbin_AdministrationReply, to requester: Requester) {
    var reply = reply
    reply.protocol = CoordinatorEndpoint.protocolVersion
    let encoded = reply.encoded
    let socket = requester.door == .control ? sockets.control : sockets.administration
    do throws(WireError) {
      // The sender may be gone, which is not a failure.
      guard try socket?.send([requester.routingIdentifier, AdministrationFrames.marker, encoded]) == .sent else {
        return
      }
      counter.count(sent: encoded.count)
    } catch { fail(error) }
  }

  private func refuse(_ requester: Requester, because reason: RefusalReason) {
    refusals.count(reason)
    let explanation =
      switch reason {
      case .administrationWithoutKeys:
        "without keys an audit is administered from its own host only, through its administration socket"
      case .wrongRole: "this key is not an admin's; make one with: tenbin keys admin NAME"
      case .otherVersion:
        "the coordinator speaks version \(CoordinatorEndpoint.protocolVersion) of the protocol; install the same "
          + "version of Tenbin here"
      default: reason.rawValue
      }
    answer(.with { $0.refused = explanation }, to: requester)
  }
}

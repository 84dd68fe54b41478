internal import Foundation
internal import SwiftProtobuf

/// What comes to the control and bulk sockets.
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
    // Answered here, so that a busy coordinator is not taken for a dead one.
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
      // A stranger is not remembered for a chunk, so that it costs nothing.
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

  /// Counts what is dropped, and tells the peer and the owner where they are to know.
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

  /// Tells a peer, if it is still there, that it is refused; what becomes of its entry is decided already.
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

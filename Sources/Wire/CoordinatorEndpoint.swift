internal import Foundation
internal import SwiftProtobuf

/// A worker's incarnation as its sockets name it.
package struct Peer: Hashable, Sendable, CustomStringConvertible {
  package let routingIdentifier: [UInt8]

  package var description: String { routingIdentifier.map { String($0, radix: 16) }.joined() }
}

/// What comes to a coordinator from its workers.
package enum CoordinatorEvent: Sendable {
  case message(Tenbin_WorkerMessage, from: Peer)
  case transfer(Transfer, identifier: UInt64, from: Peer)
  /// The worker's bulk socket is connected: it can be sent transfers.
  case ready(Peer)
  /// A frame that no honest worker sends; it was dropped.
  case malformed(reason: String, from: Peer)
  /// A message could not be delivered: the worker is gone.
  case unreachable(Peer)
  /// The sockets failed; nothing more will come.
  case failed(WireError)
}

/// The coordinator's two ROUTER sockets, on a thread of their own.
package final class CoordinatorEndpoint: Sendable {
  /// The version of the messages; peers of another version are refused.
  package static let protocolVersion: UInt32 = 1

  /// Where workers connect, and where they send chunks.
  package let control: String
  package let bulk: String
  private let thread: SocketThread<CoordinatorCommand>
  private let counter: TrafficCounter

  /// Binds both sockets and starts the thread.
  ///
  /// - Parameter send: takes every event, on the socket thread.
  package init(
    listeningAt address: Address, events send: @escaping @Sendable (CoordinatorEvent) -> Void
  ) throws(WireError) {
    let control = try ZeroMQSocket(.router, largestMessage: WireLimits.control)
    let bulk = try ZeroMQSocket(.router, largestMessage: WireLimits.chunk + WireLimits.header)
    self.control = try control.bind(address.endpoint)
    self.bulk = try bulk.bind(address.bulkEndpoint)
    let counter = TrafficCounter()
    self.counter = counter
    // Handed to the thread once and used nowhere else from here on.
    nonisolated(unsafe) let sockets = (control, bulk)
    thread = SocketThread(name: "coordinator sockets") { wakeUp in
      CoordinatorLoop(control: sockets.0, bulk: sockets.1, wakeUp: wakeUp, counter: counter, events: send)
    }
  }

  package func send(_ body: Tenbin_CoordinatorMessage.OneOf_Body, to peer: Peer) {
    var message = Tenbin_CoordinatorMessage()
    message.protocol = Self.protocolVersion
    message.body = body
    thread.send(.message(message, peer))
  }

  package func send(_ transfer: Transfer, to peer: Peer) {
    thread.send(.transfer(transfer, peer))
  }

  /// Bytes sent and received so far.
  package var traffic: Traffic { counter.traffic }

  /// Sends what waits and closes the sockets.
  package func close() { thread.close() }
}

enum CoordinatorCommand: Sendable {
  case message(Tenbin_CoordinatorMessage, Peer)
  case transfer(Transfer, Peer)
}

/// The loop on the coordinator's socket thread.
private final class CoordinatorLoop: SocketLoop {
  private let control: ZeroMQSocket
  private let bulk: ZeroMQSocket
  private let wakeUp: Int32
  private let counter: TrafficCounter
  private let send: @Sendable (CoordinatorEvent) -> Void
  private var assemblers: [Peer: TransferAssembler] = [:]
  private var nextTransfer: UInt64 = 1
  private var hasFailed = false

  init(
    control: ZeroMQSocket, bulk: ZeroMQSocket, wakeUp: Int32, counter: TrafficCounter,
    events send: @escaping @Sendable (CoordinatorEvent) -> Void
  ) {
    (self.control, self.bulk, self.wakeUp, self.counter, self.send) = (control, bulk, wakeUp, counter, send)
  }

  func handle(_ command: CoordinatorCommand) {
    do throws(WireError) {
      switch command {
      case .message(let message, let peer):
        let encoded = (try? message.serializedBytes() as [UInt8]) ?? []
        counter.count(sent: encoded.count)
        if try sendFrames([peer.routingIdentifier, encoded], on: control) == .unreachable { lose(peer) }
      case .transfer(let transfer, let peer):
        nextTransfer += 1
        let outcome = try sendChunks(
          of: transfer, identifier: nextTransfer, prefix: [peer.routingIdentifier], on: bulk, counter: counter)
        if outcome == .unreachable { lose(peer) }
      }
    } catch { fail(error) }
  }

  func poll() {
    ZeroMQSocket.wait(for: [control, bulk], event: wakeUp, milliseconds: hasFailed ? 100 : 1_000)
    do throws(WireError) {
      // Bounded, so that the outbox gets its turn under a flood.
      for _ in 0..<256 {
        let hadControl = try control.receive(receiveControl)
        let hadBulk = try bulk.receive(receiveBulk)
        if !hadControl && !hadBulk { return }
      }
    } catch { fail(error) }
  }

  func close() {
    control.close(linger: 1_000)
    bulk.close(linger: 0)
  }

  private func receiveControl(_ frames: [UnsafeRawBufferPointer]) {
    guard let first = frames.first else { return }
    let peer = Peer(routingIdentifier: Array(first))
    counter.count(received: frames.reduce(0) { $0 + $1.count })
    guard frames.count == 2, let message = try? Tenbin_WorkerMessage(serializedBytes: Array(frames[1])) else {
      return send(.malformed(reason: "a control message that cannot be read", from: peer))
    }
    guard message.protocol == CoordinatorEndpoint.protocolVersion else {
      refuse(peer, speaking: message.protocol)
      return send(.malformed(reason: "protocol version \(message.protocol)", from: peer))
    }
    if case .heartbeat? = message.body { answerHeartbeat(of: peer) }
    send(.message(message, from: peer))
  }

  private func receiveBulk(_ frames: [UnsafeRawBufferPointer]) {
    guard let first = frames.first else { return }
    let peer = Peer(routingIdentifier: Array(first))
    counter.count(received: frames.reduce(0) { $0 + $1.count })
    guard frames.count == 3, frames[1].count <= WireLimits.header,
      let header = try? Tenbin_ChunkHeader(serializedBytes: Array(frames[1]))
    else { return send(.malformed(reason: "a chunk that cannot be read", from: peer)) }
    if case .ready? = header.subject { return send(.ready(peer)) }
    do throws(ChunkError) {
      if let whole = try assemblers[peer, default: TransferAssembler()].insert(header: header, payload: frames[2]) {
        send(.transfer(whole.transfer, identifier: whole.identifier, from: peer))
      }
    } catch { send(.malformed(reason: error.description, from: peer)) }
  }

  private func refuse(_ peer: Peer, speaking version: UInt32) {
    var message = Tenbin_CoordinatorMessage()
    message.protocol = CoordinatorEndpoint.protocolVersion
    message.refusal.reason =
      "the worker speaks version \(version) of the protocol, the coordinator \(CoordinatorEndpoint.protocolVersion); "
      + "install the same version of Tenbin on both"
    handle(.message(message, peer))
  }

  /// Answered here, so that a busy coordinator is not taken for a dead one.
  private func answerHeartbeat(of peer: Peer) {
    var message = Tenbin_CoordinatorMessage()
    message.protocol = CoordinatorEndpoint.protocolVersion
    message.heartbeatAnswer = Tenbin_HeartbeatAnswer()
    handle(.message(message, peer))
  }

  private func lose(_ peer: Peer) {
    assemblers[peer] = nil
    send(.unreachable(peer))
  }

  private func fail(_ error: WireError) {
    guard !hasFailed else { return }
    hasFailed = true
    send(.failed(error))
  }
}

/// An event from a worker, or from a person's shell.
package enum CoordinatorEvent: Sendable {
  case message(Tenbin_WorkerMessage, from: Peer)
  case transfer(Transfer, identifier: UInt64, from: Peer)
  /// The worker's bulk socket is connected, so that transfers can be sent to it.
  case ready(Peer, sharesMemory: Bool)
  /// A request of an administrator, whose permission was checked.
  case request(Tenbin_AdministrationRequest, from: Requester)
  /// A frame that no honest worker sends; it was dropped and counted. After a number of them the peer is refused and
  /// all its frames are dropped.
  case malformed(reason: String, from: Peer)
  /// A message could not be delivered because the worker has left.
  case unreachable(Peer)
  /// The sockets failed; nothing more will come.
  case failed(WireError)
}

extension CoordinatorEvent {
  /// The peer that it comes from, if any.
  package var peer: Peer? {
    switch self {
    case .message(_, let peer), .transfer(_, _, let peer), .ready(let peer, _), .malformed(_, let peer),
      .unreachable(let peer):
      peer
    case .request, .failed: nil
    }
  }
}

/// The sender of an administration request, for the answer.
package struct Requester: Hashable, Sendable {
  enum Door: Hashable, Sendable {
    case control
    case administration
  }

  let door: Door
  let routingIdentifier: [UInt8]
}

/// The coordinator's ROUTER sockets, on a thread of their own: control, bulk, and administration where there is one.
///
/// An unknown peer may send a hello, and after it control messages and the `ready` of its bulk socket. An admitted peer
/// may also send transfers, as many bytes as are expected of it. Everything else is dropped and counted in `refusals`.
package final class CoordinatorEndpoint: Sendable {
  /// The version of the messages; peers of another version are refused.
  package static let protocolVersion: UInt32 = 7

  /// The address that workers connect to.
  package let control: String
  /// The address that workers send chunks to. Its host is `0.0.0.0` or `[::]` where `control` was bound to every
  /// interface; workers then use the host at which they reached the control socket.
  package let bulk: String
  private let thread: SocketThread<CoordinatorCommand>
  private let counter = TrafficCounter()
  private let refused = RefusalCounter()

  /// Binds the sockets and starts the thread.
  ///
  /// - Parameters:
  ///   - address: where workers connect; an address beyond this host needs keys.
  ///   - administration: an ipc address in a folder that only its owner can enter; a process that connects may
  ///     administer.
  ///   - security: with it, workers and administrators connect under the keys that it lists.
  ///   - send: takes every event, on the socket thread.
  /// - Throws: `WireError` if an address is in use, cannot be bound, or needs keys.
  package init(
    listeningAt address: Address, administration: Address? = nil, security: ServerSecurity? = nil,
    events send: @escaping @Sendable (CoordinatorEvent) -> Void
  ) throws(WireError) {
    let sockets = try CoordinatorSockets(
      listeningAt: address, administration: administration, security: security, refusals: refused)
    control = sockets.controlEndpoint
    bulk = sockets.bulkEndpoint
    // Handed to the thread once and used nowhere else from here on.
    nonisolated(unsafe) let handedOver = sockets
    let (counter, refused) = (counter, refused)
    thread = SocketThread(name: "coordinator sockets") { wakeUp in
      CoordinatorSocketLoop(sockets: handedOver, wakeUp: wakeUp, counter: counter, refusals: refused, events: send)
    }
  }

  /// Sends a control message.
  package func send(_ body: Tenbin_CoordinatorMessage.OneOf_Body, to peer: Peer) {
    var message = Tenbin_CoordinatorMessage()
    message.protocol = Self.protocolVersion
    message.body = body
    thread.send(.message(message, peer))
  }

  /// Sends a transfer when those before it have been sent, the peer is ready, and its window is open.
  package func send(_ transfer: Transfer, to peer: Peer) { thread.send(.transfer(transfer, peer)) }

  /// Accepts chunks of this peer from now on.
  package func admit(_ peer: Peer) { thread.send(.admit(peer)) }

  /// Adds to the bytes of transfers that the peer may still send.
  package func expect(bytes: Int, from peer: Peer) { thread.send(.expect(bytes, peer)) }

  /// Frees everything that is held for the peer, which is unknown from now on.
  package func forget(_ peer: Peer) { thread.send(.forget(peer)) }

  package func answer(_ reply: Tenbin_AdministrationReply, to requester: Requester) {
    thread.send(.reply(reply, requester))
  }

  /// Bytes sent and received so far.
  package var traffic: Traffic { counter.traffic }

  /// Dropped frames and refused peers so far, by reason.
  package var refusals: [String: Int] { refused.counts }

  /// Sends what waits and closes the sockets.
  package func close() { thread.close() }
}

enum CoordinatorCommand: Sendable {
  case message(Tenbin_CoordinatorMessage, Peer)
  case transfer(Transfer, Peer)
  case admit(Peer)
  case expect(Int, Peer)
  case forget(Peer)
  case reply(Tenbin_AdministrationReply, Requester)
}

internal import CZeroMQ

/// A connection that sends any frames whatever: what a hostile peer is made of, for tests of what coordinators refuse.
///
/// Not Sendable: it belongs to the thread that uses it.
package final class RawPeer {
  private let socket: ZeroMQSocket

  /// - Parameters:
  ///   - endpoint: where a coordinator's control or bulk socket is bound.
  ///   - routingIdentifier: the name that the peer goes by.
  package init(
    connectingTo endpoint: String, routingIdentifier: [UInt8], security: ClientSecurity? = nil
  ) throws(WireError) {
    socket = try ZeroMQSocket(
      .dealer(routingIdentifier: routingIdentifier), keys: security.map { ZeroMQSocket.Keys.client($0) })
    try socket.connect(endpoint)
  }

  /// Sends one message, waiting for a connection at most so many milliseconds; false where there was none.
  package func send(_ frames: [[UInt8]], milliseconds: Int = 10_000) throws(WireError) -> Bool {
    if try socket.send(frames) == .sent { return true }
    var poller = Poller(sockets: [socket], wakeUp: -1)
    poller.wake(whenWritable: 0, true)
    poller.wait(milliseconds: milliseconds)
    return try socket.send(frames) == .sent
  }

  /// The frames of the next message, or nil where none comes within so many milliseconds.
  package func receive(milliseconds: Int) throws(WireError) -> [[UInt8]]? {
    var received: [[UInt8]]?
    if try socket.receive({ frames, _ in received = frames.map { Array($0) } }) { return received }
    var poller = Poller(sockets: [socket], wakeUp: -1)
    poller.wait(milliseconds: milliseconds)
    _ = try socket.receive { frames, _ in received = frames.map { Array($0) } }
    return received
  }

  package func close() { socket.close(linger: 0) }

  /// What every kind of socket is set to where libzmq's own ways were measured to fail; milliseconds and messages.
  package static func riskySettings() throws(WireError) -> [(heartbeatInterval: Int32?, receiveHighWaterMark: Int32?)] {
    var settings: [(heartbeatInterval: Int32?, receiveHighWaterMark: Int32?)] = []
    for kind: ZeroMQSocket.Kind in [.router, .dealer(routingIdentifier: [1]), .reply, .pair] {
      let socket = try ZeroMQSocket(kind)
      settings.append((socket.option(ZMQ_HEARTBEAT_IVL), socket.option(ZMQ_RCVHWM)))
      socket.close(linger: 0)
    }
    return settings
  }
}

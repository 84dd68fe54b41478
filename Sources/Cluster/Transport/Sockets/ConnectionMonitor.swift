internal import CZeroMQ
internal import Synchronization

/// Tells what becomes of a socket's connections, which libzmq otherwise hides.
final class ConnectionMonitor {
  enum Event: Equatable {
    case disconnected
    /// The server does not know this end's key.
    case keyRefused
    /// The other end broke off or spoke something else, as it does where the server's key is not the expected one.
    case handshakeFailed
  }

  let socket: ZeroMQSocket
  private let watched: ZeroMQSocket
  private static let numbers = Atomic(0)

  init(_ watched: ZeroMQSocket) throws(WireError) {
    self.watched = watched
    socket = try ZeroMQSocket(.pair)
    let number = Self.numbers.wrappingAdd(1, ordering: .relaxed).newValue
    let endpoint = "inproc://connections-\(number)"
    let failures =
      ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
    try watched.monitor(at: endpoint, events: ZMQ_EVENT_DISCONNECTED | failures)
    try socket.connect(endpoint)
  }

  /// The next event that waits.
  func next() throws(WireError) -> Event? {
    var event: Event?
    while event == nil {
      let had = try socket.receive { frames, _ in
        guard let first = frames.first, first.count >= 2 else { return }
        switch Int32(first.loadUnaligned(as: UInt16.self)) {
        case ZMQ_EVENT_DISCONNECTED: event = .disconnected
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: event = .keyRefused
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: event = .handshakeFailed
        default: break
        }
      }
      if !had { return nil }
    }
    return event
  }

  func close() {
    try? watched.monitor(at: nil, events: 0)
    socket.close(linger: 0)
  }
}

internal import CZeroMQ
internal import Synchronization

/// Reports what happens to a socket's connections, which libzmq otherwise hides.
final class ConnectionMonitor {
  enum Event: Equatable {
    case disconnected
    /// The server does not know this end's key.
    case keyRefused
    /// The other end closed the connection or spoke another protocol, as it does when the server's key is unexpected.
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

/// Turns a client's failing handshakes into an error that says what to do.
struct HandshakeFailures {
  let address: Address
  private var count = 0

  init(address: Address) { self.address = address }

  /// - Throws: `WireError.notAuthenticated` at once when the key is refused, and after a few failures of other kinds,
  ///   because a single one may be a coordinator that is ending.
  mutating func hear(_ event: ConnectionMonitor.Event) throws(WireError) {
    switch event {
    case .disconnected: break
    case .keyRefused:
      throw .notAuthenticated(
        address.description, problem: "this key is not on the coordinator's list; add it there with: tenbin keys")
    case .handshakeFailed:
      count += 1
      guard count >= 5 else { return }
      throw .notAuthenticated(
        address.description,
        problem: "the program that listens there has another key than expected, or is not a Tenbin coordinator")
    }
  }
}

extension Duration {
  /// Rounded up, so that a wait does not end too early.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(clamping: seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000) + 1
  }
}

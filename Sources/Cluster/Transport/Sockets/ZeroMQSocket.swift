internal import CZeroMQ
internal import Foundation
internal import Synchronization

/// One libzmq socket; belongs to the thread that uses it.
final class ZeroMQSocket {
  enum Kind {
    case router
    case dealer(routingIdentifier: [UInt8])
    /// Answers libzmq's requests about keys.
    case reply
    /// Receives the events of another socket's connections.
    case pair
  }

  enum Keys {
    /// `domain` names the allow-list at the `Authenticator`.
    case server(KeyPair, domain: String)
    case client(ClientSecurity)
  }

  enum SendOutcome {
    case sent
    /// No peer of that name is connected, or too many messages wait for it.
    case unreachable
  }

  let pointer: UnsafeMutableRawPointer
  private var isOpen = true
  private var hasUsers = false

  /// - Parameter waitingMessages: the most messages that wait for one peer; 0 for no limit.
  init(_ kind: Kind, keys: Keys? = nil, waitingMessages: Int32 = 0) throws(WireError) {
    let type =
      switch kind {
      case .router: ZMQ_ROUTER
      case .dealer: ZMQ_DEALER
      case .reply: ZMQ_REP
      case .pair: ZMQ_PAIR
      }
    guard let pointer = ZeroMQContext.shared.openSocket(type) else {
      throw .system(operation: "zmq_socket", problem: Self.lastProblem)
    }
    self.pointer = pointer
    // Queues in are unbounded and heartbeats our own: libzmq's abort the process when a queue is full (issue 3937), and
    // cut connections on which one large frame takes long.
    try set(ZMQ_HEARTBEAT_IVL, 0)
    try set(ZMQ_SNDHWM, waitingMessages)
    try set(ZMQ_RCVHWM, 0)
    try set(ZMQ_LINGER, 0)
    try set(ZMQ_HANDSHAKE_IVL, 5_000)
    // Above our own limits, so that a frame that is slightly too large is counted and does not only end the connection.
    try set(ZMQ_MAXMSGSIZE, raw: Int64(1 << 20))
    switch kind {
    case .router:
      try set(ZMQ_ROUTER_MANDATORY, 1)
      // Without it a connection under a name that is taken is never read: a worker whose old connection hangs is lost,
      // and what a hostile peer sends piles up.
      // With it libzmq 4.3.4 keeps the descriptor of a connection that lost its name until this socket closes.
      try set(ZMQ_ROUTER_HANDOVER, 1)
    case .dealer(let identifier):
      try set(ZMQ_IMMEDIATE, 1)
      try set(ZMQ_RECONNECT_IVL, 50)
      try set(ZMQ_RECONNECT_IVL_MAX, 400)
      try set(ZMQ_ROUTING_ID, bytes: identifier)
    case .reply, .pair: break
    }
    switch keys {
    case .server(let pair, let domain)?:
      hasUsers = true
      try set(ZMQ_ZAP_DOMAIN, bytes: Array(domain.utf8))
      try set(ZMQ_CURVE_SERVER, 1)
      try set(ZMQ_CURVE_SECRETKEY, bytes: Array(pair.secret.utf8) + [0])
    case .client(let security)?:
      try set(ZMQ_CURVE_SERVERKEY, bytes: security.server.bytes)
      try set(ZMQ_CURVE_PUBLICKEY, bytes: security.keys.publicKey.bytes)
      try set(ZMQ_CURVE_SECRETKEY, bytes: Array(security.keys.secret.utf8) + [0])
    case nil: break
    }
  }

  deinit { close(linger: 0) }

  /// Closes the socket; what was sent may still leave for `linger` milliseconds.
  func close(linger: Int32) {
    guard isOpen else { return }
    isOpen = false
    try? set(ZMQ_LINGER, linger)
    ZeroMQContext.shared.closeSocket(pointer)
  }

  /// Binds, and returns the endpoint with the port that the system chose.
  func bind(_ endpoint: String, needsIPv6: Bool = false) throws(WireError) -> String {
    if needsIPv6 { try set(ZMQ_IPV6, 1) }
    guard zmq_bind(pointer, endpoint) == 0 else {
      switch zmq_errno() {
      case EADDRINUSE: throw .addressInUse(endpoint)
      case ENODEV, EADDRNOTAVAIL:
        throw .address(endpoint, problem: "to listen, give a numeric address of this host, or * for all of them")
      default: throw .address(endpoint, problem: Self.lastProblem)
      }
    }
    var buffer = [CChar](repeating: 0, count: 256)
    var size = buffer.count
    guard zmq_getsockopt(pointer, ZMQ_LAST_ENDPOINT, &buffer, &size) == 0 else { return endpoint }
    return String(decoding: buffer.prefix(max(0, size - 1)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Releases an address at once; closing alone does so some time later.
  func unbind(_ endpoint: String) { zmq_unbind(pointer, endpoint) }

  func connect(_ endpoint: String, needsIPv6: Bool = false) throws(WireError) {
    if needsIPv6 { try set(ZMQ_IPV6, 1) }
    guard zmq_connect(pointer, endpoint) == 0 else { throw .address(endpoint, problem: Self.lastProblem) }
  }

  /// Reports events of connections at `endpoint`, an inproc address; with 0 events stops that.
  func monitor(at endpoint: String?, events: Int32) throws(WireError) {
    guard zmq_socket_monitor(pointer, endpoint, events) == 0 else {
      throw .system(operation: "zmq_socket_monitor", problem: Self.lastProblem)
    }
  }

  /// Sends the frames of one message, followed by the payload if there is one, without blocking and without copying
  /// them into one buffer.
  func send(_ frames: [[UInt8]], payload: ArraySlice<UInt8>? = nil) throws(WireError) -> SendOutcome {
    for (index, frame) in frames.enumerated() {
      let outcome = try send(frame[...], more: index + 1 < frames.count || payload != nil)
      guard outcome == .sent else { return outcome }
    }
    return try payload.map { (payload) throws(WireError) in try send(payload, more: false) } ?? .sent
  }

  private func send(_ frame: ArraySlice<UInt8>, more: Bool) throws(WireError) -> SendOutcome {
    let flags = more ? ZMQ_SNDMORE | ZMQ_DONTWAIT : ZMQ_DONTWAIT
    while frame.withUnsafeBytes({ zmq_send(pointer, $0.baseAddress, $0.count, flags) }) < 0 {
      switch zmq_errno() {
      case EINTR: continue
      case EHOSTUNREACH, EAGAIN: return .unreachable
      default: throw .system(operation: "zmq_send", problem: Self.lastProblem)
      }
    }
    return .sent
  }

  /// Receives one message if there is one; its frames are valid only during `body`.
  ///
  /// - Parameter body: takes the frames and, where this socket has an allow-list, the holder of the sender's key.
  /// - Returns: false when nothing waits.
  func receive(_ body: (_ frames: [UnsafeRawBufferPointer], _ user: String?) -> Void) throws(WireError) -> Bool {
    var frames: [UnsafeMutablePointer<zmq_msg_t>] = []
    defer {
      for frame in frames {
        zmq_msg_close(frame)
        frame.deallocate()
      }
    }
    var more = true
    var user: String?
    while more {
      let frame = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
      zmq_msg_init(frame)
      frames.append(frame)
      while zmq_msg_recv(frame, pointer, ZMQ_DONTWAIT) < 0 {
        switch zmq_errno() {
        case EINTR: continue
        case EAGAIN: return false
        default: throw .system(operation: "zmq_msg_recv", problem: Self.lastProblem)
        }
      }
      more = zmq_msg_more(frame) != 0
      if hasUsers, !more, let name = zmq_msg_gets(frame, "User-Id") { user = String(cString: name) }
    }
    body(frames.map { UnsafeRawBufferPointer(start: zmq_msg_data($0), count: zmq_msg_size($0)) }, user)
    return true
  }

  /// The value of an option of type Int32.
  func option(_ option: Int32) -> Int32? {
    var value: Int32 = 0
    var size = 4
    return zmq_getsockopt(pointer, option, &value, &size) == 0 ? value : nil
  }

  private func set(_ option: Int32, _ value: Int32) throws(WireError) {
    try set(option, raw: value)
  }

  private func set(_ option: Int32, raw value: some BitwiseCopyable) throws(WireError) {
    try set(option, bytes: withUnsafeBytes(of: value) { Array($0) })
  }

  private func set(_ option: Int32, bytes: [UInt8]) throws(WireError) {
    let status = bytes.withUnsafeBytes { zmq_setsockopt(pointer, option, $0.baseAddress, $0.count) }
    guard status == 0 else { throw .system(operation: "zmq_setsockopt \(option)", problem: Self.lastProblem) }
  }

  private static var lastProblem: String { String(cString: zmq_strerror(zmq_errno())) }
}

/// The process's one libzmq context: two in one process can crash (libzmq issue 4242).
///
/// It lives while there are sockets. Closing the last of them waits until what was sent has left, within the socket's
/// linger: a process that ended sooner would take its goodbye with it.
final class ZeroMQContext: Sendable {
  static let shared = ZeroMQContext()
  private let state = Mutex(State())

  /// Sendable because libzmq's context may be used from any thread.
  private struct State: @unchecked Sendable {
    var pointer: UnsafeMutableRawPointer?
    var sockets = 0
  }

  /// A new socket, or nil if libzmq refuses one.
  func openSocket(_ type: Int32) -> UnsafeMutableRawPointer? {
    let socket = state.withLock { state -> Socket? in
      if state.pointer == nil { state.pointer = zmq_ctx_new() }
      guard let pointer = zmq_socket(state.pointer, type) else { return nil }
      state.sockets += 1
      return Socket(pointer: pointer)
    }
    return socket?.pointer
  }

  func closeSocket(_ pointer: UnsafeMutableRawPointer) {
    let socket = Socket(pointer: pointer)
    state.withLock { state in
      zmq_close(socket.pointer)
      state.sockets -= 1
      guard state.sockets == 0, let context = state.pointer else { return }
      while zmq_ctx_term(context) < 0 && zmq_errno() == EINTR {}
      state.pointer = nil
    }
  }

  /// Sendable because a socket is only handed over here, never shared.
  private struct Socket: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
  }
}

/// Polls several sockets and the descriptor that wakes their thread.
struct Poller {
  private var items: [zmq_pollitem_t]

  init(sockets: [ZeroMQSocket], wakeUp: Int32) {
    items = sockets.map { zmq_pollitem_t(socket: $0.pointer, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0) }
    items.append(zmq_pollitem_t(socket: nil, fd: wakeUp, events: Int16(ZMQ_POLLIN), revents: 0))
  }

  /// Whether to wake also when the socket at `index` can send.
  mutating func wake(whenWritable index: Int, _ isWanted: Bool) {
    items[index].events = Int16(isWanted ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN)
  }

  /// Returns when a socket or the descriptor can be read, or `milliseconds` have passed; -1 for ever.
  mutating func wait(milliseconds: Int) {
    zmq_poll(&items, Int32(items.count), milliseconds)
  }
}

/// A connection that sends arbitrary frames, for tests with hostile peers.
///
/// Not Sendable: it belongs to the thread that uses it.
package final class RawPeer {
  private let socket: ZeroMQSocket

  /// - Parameters:
  ///   - endpoint: the endpoint of a coordinator's control or bulk socket.
  ///   - routingIdentifier: the peer's name.
  package init(
    connectingTo endpoint: String, routingIdentifier: [UInt8], security: ClientSecurity? = nil
  ) throws(WireError) {
    socket = try ZeroMQSocket(
      .dealer(routingIdentifier: routingIdentifier), keys: security.map { ZeroMQSocket.Keys.client($0) })
    try socket.connect(endpoint)
  }

  /// Sends one message, and waits for a connection at most `milliseconds`; false if none came.
  package func send(_ frames: [[UInt8]], milliseconds: Int = 10_000) throws(WireError) -> Bool {
    if try socket.send(frames) == .sent { return true }
    var poller = Poller(sockets: [socket], wakeUp: -1)
    poller.wake(whenWritable: 0, true)
    poller.wait(milliseconds: milliseconds)
    return try socket.send(frames) == .sent
  }

  /// The frames of the next message; nil if none comes within `milliseconds`.
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

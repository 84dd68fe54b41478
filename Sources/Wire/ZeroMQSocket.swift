internal import CZeroMQ
internal import Foundation

/// One libzmq socket; belongs to the thread that uses it.
final class ZeroMQSocket {
  enum Kind {
    case router
    case dealer(routingIdentifier: [UInt8])
  }

  enum SendOutcome {
    case sent
    case unreachable
  }

  let pointer: UnsafeMutableRawPointer
  private var isOpen = true

  init(_ kind: Kind, largestMessage: Int) throws(WireError) {
    let type =
      switch kind {
      case .router: ZMQ_ROUTER
      case .dealer: ZMQ_DEALER
      }
    guard let pointer = ZeroMQContext.shared.openSocket(type) else {
      throw .system(operation: "zmq_socket", problem: Self.lastProblem)
    }
    self.pointer = pointer
    // Queues are unbounded and heartbeats our own: libzmq's abort the process when a queue is full (issue 3937).
    try set(ZMQ_SNDHWM, 0)
    try set(ZMQ_RCVHWM, 0)
    try set(ZMQ_LINGER, 0)
    try set(ZMQ_HANDSHAKE_IVL, 5_000)
    try set(ZMQ_MAXMSGSIZE, raw: Int64(largestMessage))
    switch kind {
    case .router:
      try set(ZMQ_ROUTER_MANDATORY, 1)
    case .dealer(let identifier):
      try set(ZMQ_IMMEDIATE, 1)
      try set(ZMQ_RECONNECT_IVL, 100)
      try set(ZMQ_RECONNECT_IVL_MAX, 2_000)
      let status = identifier.withUnsafeBytes { zmq_setsockopt(pointer, ZMQ_ROUTING_ID, $0.baseAddress, $0.count) }
      guard status == 0 else { throw .system(operation: "ZMQ_ROUTING_ID", problem: Self.lastProblem) }
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
  func bind(_ endpoint: String) throws(WireError) -> String {
    guard zmq_bind(pointer, endpoint) == 0 else {
      if zmq_errno() == EADDRINUSE { throw .addressInUse(endpoint) }
      throw .address(endpoint, problem: Self.lastProblem)
    }
    var buffer = [CChar](repeating: 0, count: 256)
    var size = buffer.count
    guard zmq_getsockopt(pointer, ZMQ_LAST_ENDPOINT, &buffer, &size) == 0 else { return endpoint }
    return String(decoding: buffer.prefix(max(0, size - 1)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func connect(_ endpoint: String) throws(WireError) {
    guard zmq_connect(pointer, endpoint) == 0 else { throw .address(endpoint, problem: Self.lastProblem) }
  }

  /// Sends one frame without blocking; with `more`, others of the same message must follow.
  func send(frame: ArraySlice<UInt8>, more: Bool) throws(WireError) -> SendOutcome {
    let flags = more ? ZMQ_SNDMORE | ZMQ_DONTWAIT : ZMQ_DONTWAIT
    while true {
      let sent = frame.withUnsafeBytes { zmq_send(pointer, $0.baseAddress, $0.count, flags) }
      if sent >= 0 { return .sent }
      switch zmq_errno() {
      case EINTR: continue
      case EHOSTUNREACH, EAGAIN: return .unreachable
      default: throw .system(operation: "zmq_send", problem: Self.lastProblem)
      }
    }
  }

  /// Receives one message if there is one, and hands out its frames while they live.
  ///
  /// - Returns: false when nothing waits.
  func receive(_ body: ([UnsafeRawBufferPointer]) -> Void) throws(WireError) -> Bool {
    var frames: [UnsafeMutablePointer<zmq_msg_t>] = []
    defer {
      for frame in frames {
        zmq_msg_close(frame)
        frame.deallocate()
      }
    }
    var more = true
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
    }
    body(frames.map { UnsafeRawBufferPointer(start: zmq_msg_data($0), count: zmq_msg_size($0)) })
    return true
  }

  /// Waits until a socket or the event descriptor can be read, or the time-out passes.
  static func wait(for sockets: [ZeroMQSocket], event descriptor: Int32, milliseconds: Int) {
    var items = sockets.map { zmq_pollitem_t(socket: $0.pointer, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0) }
    items.append(zmq_pollitem_t(socket: nil, fd: descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
    zmq_poll(&items, Int32(items.count), milliseconds)
  }

  private func set(_ option: Int32, _ value: Int32) throws(WireError) {
    try set(option, raw: value)
  }

  private func set(_ option: Int32, raw value: some BitwiseCopyable) throws(WireError) {
    let status = withUnsafeBytes(of: value) { zmq_setsockopt(pointer, option, $0.baseAddress, $0.count) }
    guard status == 0 else { throw .system(operation: "zmq_setsockopt \(option)", problem: Self.lastProblem) }
  }

  private static var lastProblem: String { String(cString: zmq_strerror(zmq_errno())) }
}

internal import CZeroMQ

/// Waits for several sockets and the descriptor that wakes their thread.
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

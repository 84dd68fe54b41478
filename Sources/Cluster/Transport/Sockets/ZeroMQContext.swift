internal import CZeroMQ
internal import Foundation
internal import Synchronization

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

  /// A new socket, or nil where libzmq refuses one.
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

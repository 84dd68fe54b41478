internal import CZeroMQ
internal import Foundation
internal import SwiftProtobuf
internal import Synchronization

/// One dedicated thread that owns sockets and polls them; everybody else leaves commands in its outbox.
final class SocketThread<Command: Sendable>: Sendable {
  private let outbox = Mutex<(commands: [Command], isClosed: Bool)>(([], false))
  private let wakeUp: Int32
  private let ended = DispatchSemaphore(value: 0)

  /// - Parameter start: makes, on the thread itself, what handles commands and polls.
  init(name: String, start: @escaping @Sendable (_ wakeUp: Int32) -> any SocketLoop<Command>) {
    wakeUp = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    let thread = Thread { [self] in
      let loop = start(wakeUp)
      run(loop)
      ended.signal()
    }
    thread.name = name
    thread.start()
  }

  deinit { Glibc.close(wakeUp) }

  func send(_ command: Command) {
    outbox.withLock { $0.commands.append(command) }
    wake()
  }

  /// Sends what is in the outbox, ends the thread and waits for it.
  func close() {
    let wasClosed = outbox.withLock { state in
      defer { state.isClosed = true }
      return state.isClosed
    }
    guard !wasClosed else { return }
    wake()
    ended.wait()
  }

  private func wake() {
    var one: UInt64 = 1
    _ = write(wakeUp, &one, 8)
  }

  private func run(_ loop: any SocketLoop<Command>) {
    while true {
      var count: UInt64 = 0
      _ = read(wakeUp, &count, 8)
      let (commands, isClosed) = outbox.withLock { state in
        defer { state.commands.removeAll(keepingCapacity: true) }
        return (state.commands, state.isClosed)
      }
      for command in commands { loop.handle(command) }
      if isClosed {
        loop.close()
        return
      }
      loop.poll()
    }
  }
}

/// What runs on a `SocketThread`; never leaves it.
protocol SocketLoop<Command> {
  associatedtype Command: Sendable
  func handle(_ command: Command)
  /// Waits for messages or the wake-up descriptor, and takes what came.
  func poll()
  func close()
}

/// Bytes that went through an endpoint's sockets.
package struct Traffic: Sendable, Equatable {
  package var sent: Int = 0
  package var received: Int = 0

  package init() {}

  package static func - (left: Traffic, right: Traffic) -> Traffic {
    var difference = left
    difference.sent -= right.sent
    difference.received -= right.received
    return difference
  }
}

/// A counter that two threads share.
final class TrafficCounter: Sendable {
  private let counted = Mutex(Traffic())

  func count(sent: Int = 0, received: Int = 0) {
    counted.withLock {
      $0.sent += sent
      $0.received += received
    }
  }

  var traffic: Traffic { counted.withLock { $0 } }
}

/// Cuts a transfer into chunks and sends each as a header frame and a payload frame.
///
/// - Parameter prefix: the frames in front of them, such as a routing identifier.
func sendChunks(
  of transfer: Transfer, identifier: UInt64, prefix: [[UInt8]], on socket: ZeroMQSocket, counter: TrafficCounter
) throws(WireError) -> ZeroMQSocket.SendOutcome {
  var offset = 0
  repeat {
    let end = min(offset + WireLimits.chunk, transfer.payload.count)
    var header = Tenbin_ChunkHeader()
    header.transfer = identifier
    header.offset = UInt64(offset)
    header.totalBytes = UInt64(transfer.payload.count)
    header.subject = transfer.subject
    let encoded = (try? header.serializedBytes() as [UInt8]) ?? []
    let outcome = try sendFrames(prefix + [encoded], payload: transfer.payload[offset..<end], on: socket)
    guard outcome == .sent else { return outcome }
    counter.count(sent: encoded.count + end - offset)
    offset = end
  } while offset < transfer.payload.count
  return .sent
}

/// Sends frames and, where there is one, a payload behind them, without joining them in memory.
func sendFrames(
  _ frames: [[UInt8]], payload: ArraySlice<UInt8>? = nil, on socket: ZeroMQSocket
) throws(WireError) -> ZeroMQSocket.SendOutcome {
  for (index, frame) in frames.enumerated() {
    let more = index + 1 < frames.count || payload != nil
    let outcome = try socket.send(frame: frame[...], more: more)
    guard outcome == .sent else { return outcome }
  }
  guard let payload else { return .sent }
  return try socket.send(frame: payload, more: false)
}

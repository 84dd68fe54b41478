internal import CZeroMQ
package import Foundation
internal import Synchronization

/// A dedicated thread that owns sockets and polls them; other threads leave commands in its outbox.
final class SocketThread<Command: Sendable>: Sendable {
  private let outbox = Mutex<(commands: [Command], isClosed: Bool)>(([], false))
  private let wakeUp: Int32
  private let ended = DispatchSemaphore(value: 0)

  /// - Parameter start: makes the loop that handles commands and polls; called on the thread itself.
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
    let wasEmpty = outbox.withLock { state in
      defer { state.commands.append(command) }
      return state.commands.isEmpty
    }
    // The sender of the first command has woken the thread already.
    if wasEmpty { wake() }
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
      // Before the outbox is emptied, so that a command that comes later wakes the next poll.
      var count: UInt64 = 0
      _ = read(wakeUp, &count, 8)
      let (commands, isClosed) = outbox.withLock { state in
        defer { state.commands = [] }
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

/// The loop of a `SocketThread`; never leaves its thread.
protocol SocketLoop<Command> {
  associatedtype Command: Sendable
  func handle(_ command: Command)
  /// Waits for messages or the wake-up descriptor, and handles the messages.
  func poll()
  func close()
}

/// An unbounded queue between threads; a receiver blocks its own, dedicated thread.
///
/// Sendable because `items` and `isClosed` are only touched while `condition` is locked.
package final class Mailbox<Item: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private var items: [Item] = []
  private var taken = 0
  private var isClosed = false

  package init() {}

  package func send(_ item: Item) {
    condition.withLock {
      items.append(item)
      condition.signal()
    }
  }

  /// Receivers get the remaining items, and then nil.
  package func close() {
    condition.withLock {
      isClosed = true
      condition.broadcast()
    }
  }

  /// The next item; nil when the deadline, where there is one, has passed or the mailbox is closed and empty.
  package func receive(until deadline: Date? = nil) -> Item? {
    condition.withLock {
      while taken == items.count {
        if isClosed { return nil }
        if let deadline {
          guard condition.wait(until: deadline) else { return nil }
        } else {
          condition.wait()
        }
      }
      let item = items[taken]
      taken += 1
      if taken == items.count {
        items.removeAll(keepingCapacity: true)
        taken = 0
      }
      return item
    }
  }
}

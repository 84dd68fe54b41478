package import Foundation

/// An unbounded queue between threads: whoever receives blocks its own, dedicated thread.
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

  /// Lets receivers take what is there and then return nil.
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

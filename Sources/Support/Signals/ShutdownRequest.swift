internal import Synchronization

/// Whether a program should end, and how it notifies its coordinator. The request outlives incarnations of a worker.
package final class ShutdownRequest: Sendable {
  private let state = Mutex<(hasBegun: Bool, leave: (@Sendable () -> Void)?)>((false, nil))

  package init() {}

  /// Whether there is still something to be done, by an incarnation that ends through `leave`.
  package func allows(_ leave: @escaping @Sendable () -> Void) -> Bool {
    state.withLock { state in
      state.leave = leave
      return !state.hasBegun
    }
  }

  /// The program is to end.
  package func begin() {
    state.withLock { state in
      state.hasBegun = true
      return state.leave
    }?()
  }
}

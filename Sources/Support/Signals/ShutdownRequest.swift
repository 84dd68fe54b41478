internal import Synchronization

/// Whether a program wants to end, and how it tells whom it works for: incarnations come and go, the wish stays.
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

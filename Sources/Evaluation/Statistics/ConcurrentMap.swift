internal import Dispatch

/// The results of `body` for 0 ..< `count`, in this order, computed on all cores; `body` is a pure function.
package func concurrentMap<Result: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
  guard count > 1 else { return (0..<max(0, count)).map(body) }
  return [Result](unsafeUninitializedCapacity: count) { buffer, initialized in
    guard let start = buffer.baseAddress else { return }
    // Each iteration writes its own element, and the call waits for all of them.
    nonisolated(unsafe) let elements = start
    DispatchQueue.concurrentPerform(iterations: count) { (elements + $0).initialize(to: body($0)) }
    initialized = count
  }
}

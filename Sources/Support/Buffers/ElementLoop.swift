internal import Dispatch
internal import Foundation

/// How a loop over many elements is spread over processor cores. Iterations must be independent of each other, so that
/// the bits of the result do not depend on the choice.
package struct ElementLoop: Sendable {
  private let spread: @Sendable (_ count: Int, _ body: (Range<Int>) -> Void) -> Void

  /// - Parameter spread: calls its body for parts that together make up 0 ..< `count`, in any order or at once, and returns
  ///   when all of them are done.
  package init(_ spread: @escaping @Sendable (_ count: Int, _ body: (Range<Int>) -> Void) -> Void) {
    self.spread = spread
  }

  package func callAsFunction(_ count: Int, _ body: (Range<Int>) -> Void) { spread(count, body) }

  /// One call over all elements, on the calling thread.
  package static let serial = ElementLoop { count, body in body(0..<count) }

  /// One call per core; short loops, which are not worth the threads, run serially.
  package static let parallel = ElementLoop { count, body in
    let parts = ProcessInfo.processInfo.activeProcessorCount
    guard count >= 1 << 18, parts > 1 else { return body(0..<count) }
    let size = (count + parts - 1) / parts
    // Sendable because the parts do not overlap, and the call waits for all of them.
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let start = min(count, part * size)
      body(start..<min(count, start + size))
    }
  }
}

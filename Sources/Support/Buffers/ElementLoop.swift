internal import Dispatch
internal import Foundation

/// Runs a body over parts that together make up 0 ..< `count`, in any order or at once. For loops with independent
/// iterations, so that the bits do not depend on how they are spread.
package typealias ElementLoop = (_ count: Int, _ body: (Range<Int>) -> Void) -> Void

/// Runs the body once, over everything.
package func serialLoop(_ count: Int, _ body: (Range<Int>) -> Void) { body(0..<count) }

/// Spreads a long loop over the processor's cores; runs a short one as it is.
package func parallelLoop(_ count: Int, _ body: (Range<Int>) -> Void) {
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

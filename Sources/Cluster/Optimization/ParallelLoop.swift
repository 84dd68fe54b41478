internal import Dispatch
internal import Foundation

/// Spreads a long loop over the processor's cores; short ones are not worth it.
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

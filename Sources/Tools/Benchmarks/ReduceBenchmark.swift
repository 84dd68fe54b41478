import Coordinator
import Foundation
import Optimization
import Support

/// Measures how fast gradients are added up, compared with a copy of the same bytes by the same threads.
package enum ReduceBenchmark {
  package struct Measurement: Codable, Sendable {
    package var parameters: Int
    package var microBatches: Int
    /// Bytes of gradients, divided by the seconds until their sum was computed; medians.
    package var gigabytesPerSecond: Double
    package var copyGigabytesPerSecond: Double
    package var ratio: Double
  }

  /// - Parameters:
  ///   - parameters: elements of each gradient.
  ///   - microBatches: gradients.
  package static func run(parameters: Int, microBatches: Int, repetitions: Int) throws -> Measurement {
    let bytes = Double(parameters * microBatches * 4)
    var (sums, copies): ([Double], [Double]) = ([], [])
    // Both touch every byte before they are measured.
    let targets = (0..<microBatches).map { _ in FloatBuffer(repeating: 0, count: parameters) }
    for repetition in 0...repetitions {
      var nodes = (0..<microBatches).map { unit in
        GradientSum(
          range: unit..<unit + 1, gradient: FloatBuffer(repeating: Float(unit) + 0.5, count: parameters), lossSum: 1,
          samples: 1)
      }
      var start = ContinuousClock.now
      for (node, target) in zip(nodes, targets) {
        let (from, to) = (node.gradient.floats, target.pointer)
        ElementLoop.parallel(parameters) { part in
          guard let to = to.baseAddress, let from = from.baseAddress else { return }
          memcpy(to + part.lowerBound, from + part.lowerBound, part.count * 4)
        }
      }
      let copied = (ContinuousClock.now - start) / .seconds(1)
      var reduction = GradientReduction(total: microBatches, elements: parameters)
      nodes.reverse()
      start = .now
      while let node = nodes.popLast() { try reduction.insert(node, in: .parallel) }
      let added = (ContinuousClock.now - start) / .seconds(1)
      let expected = Float(microBatches * microBatches) / 2
      guard let root = reduction.root, root.gradient.first == expected, root.gradient.last == expected else {
        throw BenchmarkError("the gradients do not add up")
      }
      // The first repetition warms up.
      guard repetition > 0 else { continue }
      sums.append(added)
      copies.append(copied)
    }
    let (added, copied) = (sums.sorted()[sums.count / 2], copies.sorted()[copies.count / 2])
    return Measurement(
      parameters: parameters, microBatches: microBatches, gigabytesPerSecond: bytes / added / 1e9,
      copyGigabytesPerSecond: bytes / copied / 1e9, ratio: copied / added)
  }
}

/// A share of items with its Wilson interval at the effective number of items.
package struct Proportion: Codable, Equatable, Sendable {
  /// A whole number for one run; the sum of the items' seed averages over several.
  package var successes: Double
  package var n: Int
  /// `n` divided by the design effect of the clusters; never above `n`.
  package var effectiveN: Double
  package var value: Double
  package var interval: Interval

  package init(successes: Double, n: Int, effectiveN: Double, value: Double, interval: Interval) {
    self.successes = successes
    self.n = n
    self.effectiveN = effectiveN
    self.value = value
    self.interval = interval
  }
}

/// A share whose denominator is random too, such as precision: Σx / Σd over items of which each adds x to the one and d to
/// the other, 0 ≤ x ≤ d.
///
/// Its variance is the linearized one of whole clusters (Cochran 1977, chapter 6), and its interval Wilson's at the number
/// of independent observations that has this variance. Where the data show no variation, every cluster that adds to the
/// denominator counts as one observation.
package struct RatioEstimate: Sendable {
  package let value: Double
  package let effectiveN: Double
  package let interval: Interval

  /// - Parameters:
  ///   - numerators: For every item in how many of `runs` runs it adds to the numerator.
  ///   - denominators: The same for the denominator; `nil` is returned where their sum is 0.
  ///   - clusters: The cluster number of every item, from 0 to below `clusterCount`.
  package init?(numerators: [Double], denominators: [Double], clusters: [Int], clusterCount: Int, runs: Int) {
    var above = [Double](repeating: 0, count: clusterCount)
    var below = above
    var counted = 0
    for (index, cluster) in clusters.enumerated() {
      above[cluster] += numerators[index]
      below[cluster] += denominators[index]
      if denominators[index] > 0 { counted += 1 }
    }
    let total = below.reduce(0, +)
    guard total > 0 else { return nil }
    let value = above.reduce(0, +) / total
    let groups = Double(below.count { $0 > 0 })
    let residuals = zip(above, below).reduce(0) { $0 + ($1.0 - value * $1.1) * ($1.0 - value * $1.1) }
    // Without clusters and seeds this is a plain proportion, and n is known.
    let isPlain = runs == 1 && Int(groups) == counted
    let variance = (isPlain ? 1 : groups / max(1, groups - 1)) * residuals / (total * total)
    let most = total / Double(runs)
    if variance > 0, groups > 1 {
      effectiveN = min(most, value * (1 - value) / variance)
    } else {
      effectiveN = isPlain ? most : min(most, groups)
    }
    self.value = value
    interval = .wilson(proportion: value, n: effectiveN)
  }
}

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

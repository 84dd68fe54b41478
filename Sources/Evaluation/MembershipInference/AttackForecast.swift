import Metrics
import Statistics

/// What would bring a verdict about a difference of vulnerability: more items, or more pairs of shadow models, at 80 %
/// power were the estimate true. A forecast for a reader that lets each source of variance fall with its count.
struct AttackForecast {
  /// The arm's figure minus the reference's.
  let value: Double
  let variance: AttackVariance
  let rule: PrivacyRule
  /// The comparisons that Holm's correction counts.
  let familySize: Int

  /// No number of items beyond this factor is named, nor of models.
  private static let largestFactor = 1_000.0

  /// The smallest factors that suffice: of the items or of the models, whichever is smaller; of both where neither alone
  /// suffices. Empty if nothing does, or nothing varies.
  func factors() -> (items: Double?, models: Double?) {
    guard variance.standardError > 1e-12 else { return (nil, nil) }
    let items = smallest { suffices(items: $0, models: 1) }
    let models = variance.parts < 2 ? nil : smallest { suffices(items: 1, models: $0) }
    switch (items, models) {
    case (let items?, let models?): return items <= models ? (items, nil) : (nil, models)
    case (nil, nil):
      let both = variance.parts < 2 ? nil : smallest { suffices(items: $0, models: $0) }
      return (both, both)
    default: return (items, models)
    }
  }

  /// Whether the interval would lie below the margin, or the smallest p-value of the family be small enough.
  private func suffices(items: Double, models: Double) -> Bool {
    let variance = variance.scaled(items: items, models: models)
    let power = NormalDistribution.quantile(0.8) * variance.standardError
    let tail = (1 - rule.confidence) / 2
    return variance.reach(tail: tail) + power <= rule.margin - value
      || variance.reach(tail: tail / Double(max(1, familySize))) + power <= abs(value)
  }

  /// The smallest factor of at least 1 that suffices, to a thousandth; `nil` if none up to the largest does.
  private func smallest(_ suffices: (Double) -> Bool) -> Double? {
    var (low, high) = (1.0, Self.largestFactor)
    guard suffices(high) else { return nil }
    while high / low > 1.001 {
      let middle = (low * high).squareRoot()
      if suffices(middle) { high = middle } else { low = middle }
    }
    return high
  }
}

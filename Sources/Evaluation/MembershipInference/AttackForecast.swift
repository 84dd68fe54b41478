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
    let found = SmallestGrowth.factors(
      largest: Self.largestFactor, isSecondVaried: variance.parts >= 2, suffices: suffices)
    return (found.first, found.second)
  }

  /// Whether the interval would lie below the margin, or the smallest p-value of the family be small enough.
  private func suffices(items: Double, models: Double) -> Bool {
    let variance = variance.scaled(items: items, models: models)
    let power = NormalDistribution.quantile(0.8) * variance.standardError
    let tail = (1 - rule.confidence) / 2
    return variance.reach(tail: tail) + power <= rule.margin - value
      || variance.reach(tail: tail / Double(max(1, familySize))) + power <= abs(value)
  }
}

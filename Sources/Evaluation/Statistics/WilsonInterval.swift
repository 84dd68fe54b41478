extension Interval {
  /// Wilson's score interval for a proportion (Wilson 1927), two-sided.
  ///
  /// - Parameters:
  ///   - proportion: The observed share.
  ///   - n: The number of observations, or the effective number where they are clustered; positive.
  ///   - confidence: Above 0 and below 1.
  package static func wilson(proportion: Double, n: Double, confidence: Double = 0.95) -> Interval {
    let z =
      confidence == 0.95 ? NormalDistribution.twoSided95 : NormalDistribution.quantile(0.5 + confidence / 2)
    let centre = proportion + z * z / (2 * n)
    let half = z * (max(0, proportion * (1 - proportion)) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    // The bounds at 0 and 1 are exact in theory; rounding may not move them inwards.
    let lower = proportion <= 0 ? 0 : max(0, (centre - half) / scale)
    let upper = proportion >= 1 ? 1 : min(1, (centre + half) / scale)
    return Interval(lower: lower, upper: upper)
  }
}

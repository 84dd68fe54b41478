/// A two-sided confidence interval, of 95 % unless something else is said.
package struct Interval: Codable, Equatable, Sendable {
  package var lower: Double
  package var upper: Double

  package init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  /// The probability beyond each bound at a confidence level: .025 at 95 %, and not the next number.
  package static func tail(confidence: Double) -> Double { ((1 - confidence) * 1e12).rounded() / 2e12 }

  package func contains(_ value: Double) -> Bool { lower <= value && value <= upper }

  package var width: Double { upper - lower }

  /// The smallest interval that holds both.
  package func hull(_ other: Interval) -> Interval {
    Interval(lower: min(lower, other.lower), upper: max(upper, other.upper))
  }
}

/// A figure with its interval.
package struct Estimate: Codable, Equatable, Sendable {
  package var value: Double
  package var interval: Measured<Interval>

  package init(value: Double, interval: Measured<Interval>) {
    self.value = value
    self.interval = interval
  }
}

extension Interval {
  /// Wilson's score interval for a proportion (Wilson 1927), two-sided.
  ///
  /// - Parameters:
  ///   - proportion: The observed share.
  ///   - n: The number of observations, or the effective number where they are clustered; positive.
  ///   - confidence: Above 0 and below 1.
  package static func wilson(proportion: Double, n: Double, confidence: Double = 0.95) -> Interval {
    wilson(
      proportion: proportion, n: n,
      reach: confidence == 0.95 ? NormalDistribution.twoSided95 : NormalDistribution.quantile(0.5 + confidence / 2))
  }

  /// The same with another quantile than the normal one.
  ///
  /// - Parameter reach: How many standard errors it reaches; infinite where nothing is known of them.
  package static func wilson(proportion: Double, n: Double, reach z: Double) -> Interval {
    guard z.isFinite else { return Interval(lower: 0, upper: 1) }
    let centre = proportion + z * z / (2 * n)
    let half = z * (max(0, proportion * (1 - proportion)) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    // The bounds at 0 and 1 are exact in theory; rounding may not move them inwards.
    let lower = proportion <= 0 ? 0 : max(0, (centre - half) / scale)
    let upper = proportion >= 1 ? 1 : min(1, (centre + half) / scale)
    return Interval(lower: lower, upper: upper)
  }
}

extension Interval {
  /// The exact interval for a binomial proportion (Clopper and Pearson 1934), two-sided.
  ///
  /// - Parameters:
  ///   - successes: From 0 to `n`.
  ///   - n: The number of independent observations; positive.
  ///   - tail: The probability beyond each bound; .025 for an interval of 95 %.
  package static func clopperPearson(successes: Int, n: Int, tail: Double = 0.025) -> Interval {
    let k = Double(min(max(successes, 0), n))
    let rest = Double(n) - k
    let lower = k == 0 ? 0 : BetaDistribution.quantile(tail, a: k, b: rest + 1)
    let upper = rest == 0 ? 1 : BetaDistribution.quantile(1 - tail, a: k + 1, b: rest)
    return Interval(lower: lower, upper: upper)
  }
}

/// The quantile of ascending values by linear interpolation between order statistics (Hyndman and Fan 1996, type 7).
/// There must be at least one value.
package func quantile(_ probability: Double, ofSorted values: [Double]) -> Double {
  let position = min(max(probability, 0), 1) * Double(values.count - 1)
  let below = Int(position)
  let above = min(below + 1, values.count - 1)
  return values[below] + (position - Double(below)) * (values[above] - values[below])
}

extension Interval {
  /// The expanded percentile interval of bootstrap replicates, two-sided (Hesterberg 2015, section 3.3), which makes up
  /// for the narrowness of the plain one when there are few clusters.
  ///
  /// - Parameters:
  ///   - replicates: At least one; in any order.
  ///   - clusters: The number of clusters that were resampled; at least two.
  ///   - tail: The probability beyond each bound; .025 for an interval of 95 %.
  package static func expandedPercentile(_ replicates: [Double], clusters: Int, tail: Double = 0.025) -> Interval {
    let sorted = replicates.sorted()
    let n = Double(max(2, clusters))
    let reach = (n / (n - 1)).squareRoot() * StudentT.quantile(1 - tail, degreesOfFreedom: n - 1)
    let expanded = NormalDistribution.cumulative(-reach)
    return Interval(lower: quantile(expanded, ofSorted: sorted), upper: quantile(1 - expanded, ofSorted: sorted))
  }
}

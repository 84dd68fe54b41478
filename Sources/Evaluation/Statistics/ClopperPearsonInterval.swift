extension Interval {
  /// The exact interval for a binomial proportion (Clopper and Pearson 1934), two-sided.
  ///
  /// - Parameters:
  ///   - successes: From 0 to `n`.
  ///   - n: The number of independent observations; positive.
  ///   - tail: What lies beyond each bound; .025 for an interval of 95 %.
  package static func clopperPearson(successes: Int, n: Int, tail: Double = 0.025) -> Interval {
    let k = Double(min(max(successes, 0), n))
    let rest = Double(n) - k
    let lower = k == 0 ? 0 : BetaDistribution.quantile(tail, a: k, b: rest + 1)
    let upper = rest == 0 ? 1 : BetaDistribution.quantile(1 - tail, a: k + 1, b: rest)
    return Interval(lower: lower, upper: upper)
  }
}

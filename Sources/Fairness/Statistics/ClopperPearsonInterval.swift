extension Interval {
  /// The exact interval for a binomial proportion (Clopper and Pearson 1934), 95 % and two-sided.
  ///
  /// - Parameters:
  ///   - successes: From 0 to `n`.
  ///   - n: The number of independent observations; positive.
  package static func clopperPearson(successes: Int, n: Int) -> Interval {
    let k = Double(min(max(successes, 0), n))
    let rest = Double(n) - k
    let lower = k == 0 ? 0 : BetaDistribution.quantile(0.025, a: k, b: rest + 1)
    let upper = rest == 0 ? 1 : BetaDistribution.quantile(0.975, a: k + 1, b: rest)
    return Interval(lower: lower, upper: upper)
  }
}

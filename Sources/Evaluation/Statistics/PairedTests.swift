import Foundation

/// McNemar's exact test of paired binary outcomes: p = min(1, 2·Σ_{i ≤ min(b, c)} C(b + c, i) / 2^(b + c)).
///
/// - Parameters:
///   - b: Pairs in which only the first is correct.
///   - c: Pairs in which only the second is correct.
package func mcNemarExact(_ b: Int, _ c: Int) -> Double {
  let fewer = Double(min(b, c))
  let total = Double(b + c)
  guard total > 0 else { return 1 }
  if b == c { return 1 }
  // The binomial tail as an incomplete beta function, which does not underflow for many pairs.
  return min(1, 2 * BetaDistribution.cumulative(0.5, a: total - fewer, b: fewer + 1))
}

/// The two-sided test that differences are symmetric about zero, from all patterns of flipped signs.
package enum SignFlipTest {
  /// Patterns are counted exactly while the work (differences times reachable sums) stays below this.
  private static let exactWork = 200_000_000

  /// So many differences with larger sums are counted pattern by pattern, in two halves.
  private static let mostEnumerated = 40

  /// The share of sign patterns whose sum is at least as far from zero as the observed one.
  ///
  /// - Parameters:
  ///   - differences: One whole number per cluster; zeros do not matter.
  ///   - slack: Sums nearer to zero by at most this count as far enough too: what rounding to whole numbers may have
  ///     done.
  /// - Returns: The p-value, 1 when every difference is zero, and whether it is exact rather than the normal limit.
  package static func pValue(_ differences: [Int], slack: Int = 0) -> (pValue: Double, isExact: Bool) {
    let magnitudes = differences.map(abs).filter { $0 > 0 }
    let observed = abs(differences.reduce(0, +)) - slack
    guard observed > 0 else { return (1, true) }
    let reach = magnitudes.reduce(0, +)
    let (work, overflow) = magnitudes.count.multipliedReportingOverflow(by: reach + 1)
    guard !overflow, work <= exactWork else {
      if magnitudes.count <= mostEnumerated { return (enumerated(magnitudes, observed: observed), true) }
      let variance = magnitudes.reduce(0.0) { $0 + Double($1) * Double($1) }
      return (erfc(Double(observed) / (2 * variance).squareRoot()), false)
    }
    // A pattern's sum is 2·(sum of the positive magnitudes) − reach, so the subset sums are enough.
    var shares = [Double](repeating: 0, count: reach + 1)
    shares[0] = 1
    var reached = 0
    for magnitude in magnitudes {
      reached += magnitude
      for sum in stride(from: reached, through: 0, by: -1) {
        let flipped = sum >= magnitude ? shares[sum - magnitude] : 0
        shares[sum] = 0.5 * (shares[sum] + flipped)
      }
    }
    // Both tails are equal: the lower one holds the subset sums up to (reach − observed) / 2.
    let tail = shares[0...((reach - observed) / 2)].reduce(0, +)
    return (min(1, 2 * tail), true)
  }

  /// The p-value from the sums of each half's patterns: for each sum of one half, the sums of the other half that bring
  /// it far enough are counted.
  private static func enumerated(_ magnitudes: [Int], observed: Int) -> Double {
    let half = magnitudes.count / 2
    let first = patternSums(magnitudes[..<half])
    let second = patternSums(magnitudes[half...])
    var tail = 0
    var reaching = second.count
    for sum in first {
      while reaching > 0, sum + second[reaching - 1] >= observed { reaching -= 1 }
      tail += second.count - reaching
    }
    // Both tails are equal.
    return min(1, 2 * Double(tail) / (Double(first.count) * Double(second.count)))
  }

  /// The sum of every pattern of signs, ascending.
  private static func patternSums(_ magnitudes: ArraySlice<Int>) -> [Int] {
    magnitudes.reduce([0]) { sums, magnitude in sums.map { $0 - magnitude } + sums.map { $0 + magnitude } }.sorted()
  }
}

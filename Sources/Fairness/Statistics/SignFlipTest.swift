import Foundation

/// The two-sided test that differences are symmetric about zero, from all patterns of flipped signs.
package enum SignFlipTest {
  /// Patterns are counted exactly while the work (differences times reachable sums) stays below this.
  private static let exactWork = 200_000_000

  /// The share of sign patterns whose sum is at least as far from zero as the observed one.
  ///
  /// - Parameter differences: One whole number a cluster; zeros do not matter.
  /// - Returns: The p-value, 1 when every difference is zero, and whether it is exact rather than the normal limit.
  package static func pValue(_ differences: [Int]) -> (pValue: Double, isExact: Bool) {
    let magnitudes = differences.map(abs).filter { $0 > 0 }
    let observed = abs(differences.reduce(0, +))
    guard observed > 0 else { return (1, true) }
    let reach = magnitudes.reduce(0, +)
    let (work, overflow) = magnitudes.count.multipliedReportingOverflow(by: reach + 1)
    guard !overflow, work <= exactWork else {
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
}

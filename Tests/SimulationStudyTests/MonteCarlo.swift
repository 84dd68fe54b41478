import Metrics
import Statistics

/// Whether counts from few simulated audits agree with a bound on their share. A claim that holds fails here once in
/// ten thousand seeds; and the seeds of tests are fixed.
enum MonteCarlo {
  private static let level = 0.0001

  /// Whether a true share of at least `least` can show so few.
  static func agrees(_ count: Int, of audits: Int, atLeast least: Double) -> Bool {
    lowerTail(count, of: audits, share: least) > level
  }

  /// Whether a true share of at most `most` can show so many.
  static func agrees(_ count: Int, of audits: Int, atMost most: Double) -> Bool {
    agrees(audits - count, of: audits, atLeast: 1 - most)
  }

  /// P(X ≤ k) of a binomial.
  private static func lowerTail(_ k: Int, of n: Int, share: Double) -> Double {
    k >= n ? 1 : BetaDistribution.cumulative(1 - share, a: Double(n - k), b: Double(k + 1))
  }
}

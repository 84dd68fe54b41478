import Foundation

/// What a test says whose variance was estimated from few clusters.
package enum FewClusters {
  /// The two-sided p-value of Student's t distribution at the value at which the normal distribution has `normal`, so
  /// that few clusters prove less; never below `normal`.
  ///
  /// - Parameter degreesOfFreedom: The number of clusters minus 1; infinite, or 0 for none, leaves the p-value as it is.
  package static func pValue(_ normal: Double, degreesOfFreedom: Double) -> Double {
    guard normal > 0, normal < 1, degreesOfFreedom.isFinite, degreesOfFreedom > 0 else { return normal }
    return max(
      normal, StudentT.twoSidedTail(-NormalDistribution.quantile(normal / 2), degreesOfFreedom: degreesOfFreedom))
  }

  /// The p-value of a hypothesis whose distance from the estimate is `ratio` times the distance of the 95 % interval's
  /// bound: .05 at 1.
  ///
  /// - Parameter degreesOfFreedom: Of the interval's quantile; infinite for that of the normal distribution.
  package static func pValue(ratioToBound ratio: Double, degreesOfFreedom: Double) -> Double {
    guard ratio > 0 else { return 1 }
    guard degreesOfFreedom.isFinite else { return erfc(ratio * NormalDistribution.twoSided95 / 2.0.squareRoot()) }
    return StudentT.twoSidedTail(
      ratio * StudentT.quantile(0.975, degreesOfFreedom: degreesOfFreedom), degreesOfFreedom: degreesOfFreedom)
  }
}

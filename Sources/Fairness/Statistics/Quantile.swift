/// The quantile of ascending values by linear interpolation between order statistics (Hyndman and Fan 1996, type 7).
/// There must be at least one value.
package func quantile(_ probability: Double, ofSorted values: [Double]) -> Double {
  let position = min(max(probability, 0), 1) * Double(values.count - 1)
  let below = Int(position)
  let above = min(below + 1, values.count - 1)
  return values[below] + (position - Double(below)) * (values[above] - values[below])
}

extension Interval {
  /// The expanded percentile interval of bootstrap replicates, 95 % and two-sided (Hesterberg 2015, section 3.3), which
  /// makes up for the narrowness of the plain one when there are few clusters.
  ///
  /// - Parameters:
  ///   - replicates: At least one; in any order.
  ///   - clusters: The number of clusters that were resampled; at least two.
  package static func expandedPercentile(_ replicates: [Double], clusters: Int) -> Interval {
    let sorted = replicates.sorted()
    let n = Double(max(2, clusters))
    let reach = (n / (n - 1)).squareRoot() * StudentT.quantile(0.975, degreesOfFreedom: n - 1)
    let tail = NormalDistribution.cumulative(-reach)
    return Interval(lower: quantile(tail, ofSorted: sorted), upper: quantile(1 - tail, ofSorted: sorted))
  }
}

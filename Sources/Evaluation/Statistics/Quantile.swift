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
  ///   - tail: What lies beyond each bound; .025 for an interval of 95 %.
  package static func expandedPercentile(_ replicates: [Double], clusters: Int, tail: Double = 0.025) -> Interval {
    let sorted = replicates.sorted()
    let n = Double(max(2, clusters))
    let reach = (n / (n - 1)).squareRoot() * StudentT.quantile(1 - tail, degreesOfFreedom: n - 1)
    let expanded = NormalDistribution.cumulative(-reach)
    return Interval(lower: quantile(expanded, ofSorted: sorted), upper: quantile(1 - expanded, ofSorted: sorted))
  }
}

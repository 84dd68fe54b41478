/// The seed-averaged difference of correctness, or of another score from 0 to 1, of two arms, summed by cluster over
/// one subset.
package struct PairedDifferences: Sendable {
  /// The contribution of one cluster: the sum over items and seeds of the difference, in parts of `resolution`, and the
  /// items.
  package let clusters: [ClusterSums]
  package let seeds: Int
  /// The score of an item that is wholly right: 1 for correctness, more for a fractional score.
  package let resolution: Int
  /// The mean difference of every seed, in the order of the runs.
  package let bySeed: [Double]
  /// Of the estimate.
  package let variance: TwoWayVariance

  /// - Parameters:
  ///   - bySeed: For every seed, the sum of every cluster's differences in parts of `resolution`; at least one seed.
  ///   - sizes: The items of every cluster; at least one cluster.
  package init(bySeed sums: [[Int]], sizes: [Int], resolution: Int = 1) {
    let items = Double(max(1, sizes.reduce(0, +)))
    let unit = Double(resolution)
    clusters = sizes.indices.map { cluster in
      ClusterSums(numerator: sums.reduce(0) { $0 + $1[cluster] }, denominator: sizes[cluster])
    }
    seeds = sums.count
    self.resolution = resolution
    bySeed = sums.map { Double($0.reduce(0, +)) / (items * unit) }
    let mean = Double(clusters.reduce(0) { $0 + $1.numerator }) / (items * unit * Double(max(1, sums.count)))
    var sum = TwoWayVariance.Sum(shares: sizes.map { Double($0) / items })
    for own in sums {
      sum.add(seed: zip(own, sizes).map { (Double($0) / unit - mean * Double($1)) / items })
    }
    variance = sum.variance(clusters: sizes.count)
  }

  /// The factor from a sum of numerators to a sum of seed-averaged differences.
  package var divisor: Double { Double(seeds * resolution) }

  /// How far two sums of numerators that are equal may lie apart, each of its scores being rounded by up to a half.
  package var roundingSlack: Int { resolution == 1 ? 0 : 2 * seeds * items }

  package var items: Int { clusters.reduce(0) { $0 + $1.denominator } }

  package var estimate: Double {
    Double(clusters.reduce(0) { $0 + $1.numerator }) / (divisor * Double(max(1, items)))
  }

  /// Student's t interval of 95 % with the variance over clusters and seeds, within −1 and 1.
  package var intervalByVariance: Interval {
    let reach = variance.reach(tail: 0.025) * variance.value.squareRoot()
    return Interval(lower: max(-1, estimate - reach), upper: min(1, estimate + reach))
  }

  /// Whether every cluster is one item, seen with one seed: then outcomes are pairs of right and wrong.
  package var arePairs: Bool { seeds == 1 && resolution == 1 && clusters.allSatisfy { $0.denominator == 1 } }
}

/// What could have been seen in clusters like these, when too few of them are discordant for resampling to show it.
///
/// Resampling never shows a cluster that was not drawn: were all differences zero, its interval would be [0, 0] however
/// few the data. So a side (arm worse, arm better) with fewer than ten discordant clusters is bounded by Clopper and
/// Pearson's interval of their number: were the unseen share of clusters discordant too, by as much as the seen ones
/// and one that flips whole, the mean would lie that far from the estimate.
package struct DiscordanceBound: Sendable {
  /// Below this, a side is bounded; above, resampling shows enough of it.
  private static let fewClusters = 10

  package let interval: Interval

  package init(_ differences: PairedDifferences) {
    let below = Self.reach(differences) { $0 < 0 }
    let above = Self.reach(differences) { $0 > 0 }
    interval = Interval(
      lower: max(-1, differences.estimate - below), upper: min(1, differences.estimate + above))
  }

  /// How far the mean could lie beyond the estimate on one side.
  private static func reach(_ differences: PairedDifferences, isOnSide: (Int) -> Bool) -> Double {
    let onSide = differences.clusters.map(\.numerator).filter(isOnSide)
    guard onSide.count < fewClusters else { return 0 }
    let count = differences.clusters.count
    let seen = Double(onSide.count) / Double(count)
    let unseen = Interval.clopperPearson(successes: onSide.count, n: count).upper - seen
    let averageSize = Double(differences.items) / Double(count)
    let flips = onSide.reduce(0.0) { $0 + Double(abs($1)) / (differences.divisor * averageSize) }
    return unseen * (flips + 1) / Double(onSide.count + 1)
  }
}

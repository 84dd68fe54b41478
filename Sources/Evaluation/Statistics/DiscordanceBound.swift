/// What could have been seen in clusters like these, when too few of them are discordant for resampling to show it.
///
/// Resampling never shows a cluster that was not drawn: were all differences zero, its interval would be [0, 0] however
/// few the data. So a side (arm worse, arm better) with fewer than ten discordant clusters is bounded by Clopper and
/// Pearson's interval of their number: were the unseen share of clusters discordant too, by as much as the seen ones and
/// one that flips whole, the mean would lie that far from the estimate.
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

package import Statistics

/// How a comparison's interval was found.
package enum ComparisonInterval: String, Equatable, Sendable {
  /// Expanded percentile bootstrap of whole clusters.
  case clusterBootstrap
  /// The bootstrap interval widened by an exact bound on discordant clusters, of which there are too few to resample.
  case discordanceBound
  /// One cluster says nothing about variation: the interval is [−1, 1].
  case oneCluster
}

/// Which test gave a comparison's p-value.
package enum ComparisonTest: String, Equatable, Sendable {
  case exactMcNemar
  /// Every cluster's sign flipped, all sign patterns counted exactly.
  case exactSignFlip
  /// The same with its normal limit, for very many discordant clusters.
  case normalSignFlip
  /// One cluster cannot be tested: the p-value is 1.
  case none
}

/// Why data do not suffice for a verdict.
package enum InsufficientData: Equatable, Sendable {
  /// The group has fewer items than the rule's minimum.
  case belowMinimumSize(minimum: Int)
  case oneCluster
  /// The interval reaches beyond the margin and the test does not confirm a difference.
  case intervalTooWide
}

/// What the rule says about a comparison, decided in this order.
package enum Verdict: Equatable, Sendable {
  case withinMargin
  case differenceConfirmed
  /// `moreItems` is an approximation from the variance between clusters in these data, at 80 % power were the estimate
  /// true; `nil` when no number of items would do.
  case notEnoughData(because: InsufficientData, moreItems: Int?)
}

/// An arm's accuracy, or another mean score of items from 0 to 1, minus a reference's on the same items and seeds, in one group or over all items. A model that no seed
/// changes stands beside each seed of the other arm.
package struct PairedComparison: Equatable, Sendable {
  package var arm: String
  package var reference: String
  /// `nil` for all items.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  /// Clusters in which the arms' seed-averaged correctness, or score, differs in sum.
  package var discordantClusters: Int
  /// The mean over items of the seed-averaged difference of correctness or score.
  package var estimate: Double
  package var interval: Interval
  package var intervalMethod: ComparisonInterval
  /// The difference by seed, with its t interval.
  package var seedSpread: SeedSpread
  package var pValue: Double
  package var test: ComparisonTest
  /// Holm's over the declared family; undefined for a comparison outside it (over all items), which is exploratory.
  package var adjustedPValue: Measured<Double>
  package var verdict: Verdict

  /// Whether the comparison belongs to the declared family.
  package var isInFamily: Bool { adjustedPValue.value != nil }
}

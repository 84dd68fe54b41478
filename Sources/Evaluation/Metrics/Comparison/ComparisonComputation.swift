import Statistics
import Support

extension PairedComparison {
  /// Of the bootstrap of an interval.
  package static let resamples = 20_000

  /// The comparison of one subset, without the correction for its family and the verdict that needs it.
  ///
  /// - Parameters:
  ///   - strata: The stratum of every cluster of the subset, from 0.
  init(
    _ subset: ItemSubset, comparison: ArmComparison, differences: PairedDifferences, strata: [Int], resamples: Int,
    key: RandomKey
  ) {
    arm = comparison.arm
    reference = comparison.reference
    group = subset.name
    n = subset.members.count
    clusters = subset.clusters.count
    let numerators = differences.clusters.map(\.numerator)
    discordantClusters = numerators.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    estimate = differences.estimate
    seedSpread = SeedSpread(values: differences.bySeed)
    adjustedPValue = .undefined(reason: "outside the declared family", n: n)
    verdict = .notEnoughData(because: .oneCluster, moreItems: nil)
    guard clusters > 1 else {
      interval = Interval(lower: -1, upper: 1)
      (intervalMethod, pValue, test) = (.oneCluster, 1, .none)
      return
    }
    let replicates = Self.replicates(differences, strata: strata, resamples: resamples, key: key)
    let resampled = Interval.expandedPercentile(replicates, clusters: clusters)
    interval = resampled.hull(DiscordanceBound(differences).interval)
    intervalMethod = interval == resampled ? .clusterBootstrap : .discordanceBound
    if differences.arePairs {
      pValue = mcNemarExact(numerators.count { $0 > 0 }, numerators.count { $0 < 0 })
      test = .exactMcNemar
    } else {
      let flipped = SignFlipTest.pValue(numerators, slack: differences.roundingSlack)
      pValue = flipped.pValue
      test = flipped.isExact ? .exactSignFlip : .normalSignFlip
    }
  }

  private static func replicates(
    _ differences: PairedDifferences, strata: [Int], resamples: Int, key: RandomKey
  ) -> [Double] {
    var clusters = [[ClusterSums]](repeating: [], count: (strata.max() ?? 0) + 1)
    for (sums, stratum) in zip(differences.clusters, strata) { clusters[stratum].append(sums) }
    let ratios = ClusterBootstrap(strata: clusters).replicates(resamples, key: key)
    return ratios.map { $0 / differences.divisor }
  }

  /// Decides the verdict, in the order: within the margin, difference confirmed, not enough data.
  mutating func decide(rule: DecisionRule, size: SampleSize) {
    let decisivePValue = adjustedPValue.value ?? pValue
    let isTooSmall = group != nil && n < rule.minimumGroupSize
    if isTooSmall {
      verdict = .notEnoughData(
        because: .belowMinimumSize(minimum: rule.minimumGroupSize), moreItems: size.moreItems())
    } else if clusters < 2 {
      verdict = .notEnoughData(because: .oneCluster, moreItems: size.moreItems())
    } else if interval.lower > -rule.margin {
      verdict = .withinMargin
    } else if decisivePValue < 0.05 {
      verdict = .differenceConfirmed
    } else {
      verdict = .notEnoughData(because: .intervalTooWide, moreItems: size.moreItems())
    }
  }
}

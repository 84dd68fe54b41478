package import Statistics
package import Support

/// How a comparison's interval was found.
package enum ComparisonInterval: String, Codable, Equatable, Sendable {
  /// Expanded percentile bootstrap of whole clusters; about these very models.
  case clusterBootstrap = "cluster_bootstrap"
  /// Student's t with the variance over clusters and seeds; about the method, from three seeds on.
  case twoWayVariance = "two_way_variance"
  /// One of the two, widened by an exact bound on discordant clusters, which are too few to show what could be seen.
  case discordanceBound = "discordance_bound"
  /// One cluster says nothing about variation: the interval is [−1, 1].
  case oneCluster = "one_cluster"
}

/// Which test gave a comparison's p-value.
package enum ComparisonTest: String, Codable, Equatable, Sendable {
  case exactMcNemar = "exact_mcnemar"
  /// Every cluster's sign flipped, all sign patterns counted exactly.
  case exactSignFlip = "exact_sign_flip"
  /// The same with its normal limit, for very many discordant clusters.
  case normalSignFlip = "normal_sign_flip"
  /// The t statistic of the variance over clusters and seeds, where its p-value is the larger one.
  case twoWayT = "two_way_t"
  /// One cluster cannot be tested: the p-value is 1.
  case none
}

/// Why data do not suffice for a verdict.
package enum InsufficientData: Equatable, Sendable {
  /// The group has fewer items than the rule's minimum.
  case belowMinimumSize(minimum: Int)
  /// The group has fewer clusters than the rule's minimum.
  case belowMinimumClusters(minimum: Int)
  case oneCluster
  /// The interval reaches beyond the margin and the test does not confirm a difference.
  case intervalTooWide
}

/// The rule's verdict on a comparison, decided in this order.
package enum Verdict: Equatable, Sendable {
  case withinMargin
  case differenceConfirmed
  case notEnoughData(because: InsufficientData, more: MoreData)
}

/// What is missing for a verdict: an approximation from the variances in these data, at 80 % power were the estimate
/// true. Several figures are needed together; without any, nothing is known to suffice.
package struct MoreData: Equatable, Sendable {
  package var items: Int?
  package var seeds: Int?
  /// Complementary pairs of shadow models.
  package var modelPairs: Int?

  package init(items: Int? = nil, seeds: Int? = nil, modelPairs: Int? = nil) {
    (self.items, self.seeds, self.modelPairs) = (items, seeds, modelPairs)
  }
}

/// An arm's accuracy, or another mean score of items from 0 to 1, minus a reference's on the same items and seeds, in
/// one group or over all items. A model without seeds is compared with each seed of the other arm.
package struct PairedComparison: Codable, Equatable, Sendable {
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

  /// Whether it was not declared; a declared one of a group that is too small for a verdict is not exploratory.
  package var isExploratory: Bool {
    if case .notEnoughData(let because, _) = verdict, because.isShortage { return false }
    return !isInFamily
  }
}

extension PairedComparison: DerivedFields {
  package var derivedFields: [String: JSONValue] { ["exploratory": .bool(isExploratory)] }
}

extension Verdict: Codable {
  private enum CodingKeys: CodingKey {
    case verdict, because, minimum, moreItems, moreSeeds, moreModelPairs
  }

  /// The name in files, by which policies and people know it.
  package var name: String {
    switch self {
    case .withinMargin: "within_margin"
    case .differenceConfirmed: "difference_confirmed"
    case .notEnoughData: "not_enough_data"
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.decode(String.self, forKey: .verdict) {
    case "within_margin": self = .withinMargin
    case "difference_confirmed": self = .differenceConfirmed
    case "not_enough_data":
      let because: InsufficientData
      switch try container.decode(String.self, forKey: .because) {
      case "below_minimum_size":
        because = .belowMinimumSize(minimum: try container.decode(Int.self, forKey: .minimum))
      case "below_minimum_clusters":
        because = .belowMinimumClusters(minimum: try container.decode(Int.self, forKey: .minimum))
      case "one_cluster": because = .oneCluster
      case "interval_too_wide": because = .intervalTooWide
      case let other:
        throw DecodingError.dataCorruptedError(
          forKey: .because, in: container, debugDescription: "there is no reason \(other)")
      }
      self = .notEnoughData(
        because: because,
        more: MoreData(
          items: try container.decode(Int?.self, forKey: .moreItems),
          seeds: try container.decodeIfPresent(Int.self, forKey: .moreSeeds),
          modelPairs: try container.decodeIfPresent(Int.self, forKey: .moreModelPairs)))
    case let other:
      throw DecodingError.dataCorruptedError(
        forKey: .verdict, in: container, debugDescription: "there is no verdict \(other)")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .verdict)
    guard case .notEnoughData(let because, let more) = self else { return }
    try container.encode(because.name, forKey: .because)
    try container.encode(more.items, forKey: .moreItems)
    try container.encodeIfPresent(more.seeds, forKey: .moreSeeds)
    try container.encodeIfPresent(more.modelPairs, forKey: .moreModelPairs)
    switch because {
    case .belowMinimumSize(let minimum), .belowMinimumClusters(let minimum):
      try container.encode(minimum, forKey: .minimum)
    case .oneCluster, .intervalTooWide: break
    }
  }
}

extension InsufficientData {
  /// Whether the group has too few items or clusters by its counts alone.
  package var isShortage: Bool {
    switch self {
    case .belowMinimumSize, .belowMinimumClusters: true
    case .oneCluster, .intervalTooWide: false
    }
  }

  /// The name in files.
  package var name: String {
    switch self {
    case .belowMinimumSize: "below_minimum_size"
    case .belowMinimumClusters: "below_minimum_clusters"
    case .oneCluster: "one_cluster"
    case .intervalTooWide: "interval_too_wide"
    }
  }
}

extension PairedComparison {
  /// Bootstrap resamples for an interval.
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
    n = subset.items.count
    clusters = subset.clusters.count
    let numerators = differences.clusters.map(\.numerator)
    discordantClusters = numerators.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    estimate = differences.estimate
    seedSpread = SeedSpread(values: differences.bySeed)
    adjustedPValue = .undefined(reason: "outside the declared family", n: n)
    verdict = .notEnoughData(because: .oneCluster, more: MoreData())
    guard clusters > 1 else {
      interval = Interval(lower: -1, upper: 1)
      (intervalMethod, pValue, test) = (.oneCluster, 1, .none)
      return
    }
    let variance = differences.variance
    let isOfMethod = variance.ofSeeds != nil
    let own: Interval
    if isOfMethod {
      own = differences.intervalByVariance
    } else {
      let replicates = Self.replicates(differences, strata: strata, resamples: resamples, key: key)
      let resampled = Interval.expandedPercentile(replicates, clusters: clusters)
      // Resampling understates what one large cluster may do.
      let isUnequal = variance.clusterFreedom < Double(clusters - 1)
      own = isUnequal ? resampled.hull(differences.intervalByVariance) : resampled
    }
    interval = own.hull(DiscordanceBound(differences).interval)
    intervalMethod = interval != own ? .discordanceBound : isOfMethod ? .twoWayVariance : .clusterBootstrap
    if differences.arePairs {
      pValue = mcNemarExact(numerators.count { $0 > 0 }, numerators.count { $0 < 0 })
      test = .exactMcNemar
      return
    }
    let flipped = SignFlipTest.pValue(numerators, slack: differences.roundingSlack)
    let ofMethod = isOfMethod ? variance.pValue(of: estimate) : 0
    pValue = max(flipped.pValue, ofMethod)
    test = ofMethod > flipped.pValue ? .twoWayT : flipped.isExact ? .exactSignFlip : .normalSignFlip
  }

  private static func replicates(
    _ differences: PairedDifferences, strata: [Int], resamples: Int, key: RandomKey
  ) -> [Double] {
    var clusters = [[ClusterSums]](repeating: [], count: (strata.max() ?? 0) + 1)
    for (sums, stratum) in zip(differences.clusters, strata) { clusters[stratum].append(sums) }
    let ratios = RatioBootstrap(strata: clusters).replicates(resamples, key: key)
    return ratios.map { $0 / differences.divisor }
  }

  /// Decides the verdict, in the order: within the margin, difference confirmed, not enough data.
  ///
  /// - Parameter more: The forecast that goes with a verdict of not enough data; asked for there alone.
  mutating func decide(rule: DecisionRule, more: () -> MoreData) {
    let decisivePValue = adjustedPValue.value ?? pValue
    if group != nil, let shortage = rule.shortage(items: n, clusters: clusters) {
      verdict = .notEnoughData(because: shortage, more: more())
    } else if clusters < 2 {
      verdict = .notEnoughData(because: .oneCluster, more: more())
    } else if interval.lower > -rule.margin {
      verdict = .withinMargin
    } else if decisivePValue < 0.05, !interval.contains(0) {
      // A test may be sure of the sign of clusters where the interval of the mean is not, beside one large cluster.
      verdict = .differenceConfirmed
    } else {
      verdict = .notEnoughData(because: .intervalTooWide, more: more())
    }
  }
}

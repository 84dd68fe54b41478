import Statistics
package import Support

/// The declared comparisons over all items and in every group, corrected as one family and decided by the rule.
enum ComparisonFamily {
  /// - Parameters:
  ///   - outcomes: The runs of the two arms of every comparison, in the same order of seeds.
  ///   - isDeclared: Whether they were declared before the run; others are corrected for nothing.
  ///   - declaredGroup: The only group that they were declared for; `nil` for every group.
  ///   - subsets: All items first, then every group.
  ///   - resolution: What outcomes count for an item that is wholly right.
  ///   - resamples: Of the bootstrap of every interval.
  static func compare(
    _ comparisons: [ArmComparison], outcomes: [(arm: [ItemOutcomes], reference: [ItemOutcomes])],
    isDeclared: Bool = true, declaredGroup: GroupName? = nil, subsets: [ItemSubset], items: EvaluationItems,
    rule: DecisionRule,
    resolution: Int = 1, resamples: Int = PairedComparison.resamples, key: RandomKey
  ) -> [PairedComparison] {
    let strata = subsets.map { ClusterStrata.numbers($0, items: items) }
    var results: [PairedComparison] = []
    var differences: [PairedDifferences] = []
    for (comparison, runs) in zip(comparisons, outcomes) {
      let armKey = key.ofArm(comparison.arm).ofArm(comparison.reference)
      for (number, subset) in subsets.enumerated() {
        let paired = PairedDifferences(
          subset, arm: runs.arm, reference: runs.reference, resolution: resolution)
        differences.append(paired)
        results.append(
          PairedComparison(
            subset, comparison: comparison, differences: paired, strata: strata[number],
            resamples: resamples, key: armKey.named(subset.name)))
      }
    }
    // Groups that cannot get a verdict by their counts, whatever the outcomes, do not make it harder for the others.
    let family = results.indices.filter { index in
      isDeclared && results[index].group != nil && declaredGroup.map { $0 == results[index].group } ?? true
        && rule.shortage(items: results[index].n, clusters: results[index].clusters) == nil
    }
    for (index, adjusted) in zip(family, holmAdjusted(family.map { results[$0].pValue })) {
      results[index].adjustedPValue = .value(adjusted)
    }
    for index in results.indices {
      let familySize = results[index].isInFamily ? family.count : 1
      results[index].decide(rule: rule) {
        let missing = VerdictForecast(differences[index], margin: rule.margin, familySize: familySize)
          .missing(minimumItems: rule.minimumGroupSize, minimumClusters: rule.minimumClusters)
        return MoreData(items: missing?.items, seeds: missing?.seeds)
      }
    }
    return results
  }
}

extension RandomKey {
  /// The stream of a run; of one that no seed changes, its own.
  func ofSeed(_ seed: Int?) -> RandomKey { seed.map { self[.seed][$0] } ?? self[.noSeed] }

  /// The stream of a group, or of all items, whatever the other groups are.
  package func named(_ group: GroupName?) -> RandomKey {
    group.map { self[.group][$0.column][$0.value] } ?? self[.allItems]
  }
}

extension PairedDifferences {
  /// - Parameters:
  ///   - arm: The runs of the arm, in the same order of seeds as those of the reference.
  init(_ subset: ItemSubset, arm: [ItemOutcomes], reference: [ItemOutcomes], resolution: Int = 1) {
    var sizes = [Int](repeating: 0, count: subset.clusters.count)
    for cluster in subset.clusters.ofItem { sizes[cluster] += 1 }
    var bySeed: [[Int]] = []
    for (run, other) in zip(arm, reference) {
      var sums = [Int](repeating: 0, count: sizes.count)
      for (position, item) in subset.items.enumerated() {
        let difference = Int(run.correct[item]) - Int(other.correct[item])
        sums[subset.clusters.ofItem[position]] += difference
      }
      bySeed.append(sums)
    }
    self.init(bySeed: bySeed, sizes: sizes, resolution: resolution)
  }
}

/// The strata in which the clusters of all items are resampled: clusters of the same groups, so that every resample has
/// the group sizes of the data.
enum ClusterStrata {
  /// Smaller strata are resampled as one, since a few clusters show too little of their variation.
  private static let smallest = 20

  /// The stratum of every cluster of `subset`, from 0; all 0 within a group.
  static func numbers(_ subset: ItemSubset, items: EvaluationItems) -> [Int] {
    guard subset.name == nil else { return Array(repeating: 0, count: subset.clusters.count) }
    var signatures = [[Int]](repeating: [], count: subset.clusters.count)
    for (number, group) in items.groups.enumerated() {
      for item in group.items where signatures[subset.clusters.ofItem[item]].last != number {
        signatures[subset.clusters.ofItem[item]].append(number)
      }
    }
    var sizes: [[Int]: Int] = [:]
    for signature in signatures { sizes[signature, default: 0] += 1 }
    let large = Set(signatures).filter { sizes[$0, default: 0] >= smallest }.sorted { $0.lexicographicallyPrecedes($1) }
    let pooled = signatures.count { sizes[$0, default: 0] < smallest }
    // A small rest joins the largest stratum.
    let largest = large.indices.max { (sizes[large[$0], default: 0], -$0) < (sizes[large[$1], default: 0], -$1) }
    let rest = pooled < smallest ? largest ?? large.count : large.count
    return signatures.map { signature in large.firstIndex(of: signature) ?? rest }
  }
}

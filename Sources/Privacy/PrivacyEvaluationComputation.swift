import Fairness
package import RandomNumbers

extension PrivacyEvaluation {
  private static let resampleCount = 1_000

  /// Attacks every model of a fleet once, with all others but its partner as shadow models. A pure function of its
  /// arguments.
  ///
  /// - Parameter key: Where bootstrap resamples and the control's shuffled membership are drawn from.
  /// - Throws: `PrivacyError` naming the model and item that is wrong.
  package static func evaluate(fleet: Fleet, key: RandomKey) throws(PrivacyError) -> PrivacyEvaluation {
    try fleet.validate()
    let index = ClusterIndex(fleet.clusters)
    let matrix = MembershipScore.matrix(fleet)
    let shuffled = ShuffledMembership.masks(
      fleet.masks, clusters: index.ofItem, clusterCount: index.count, key: key["shuffled membership"])
    let weights = bootstrapWeights(index, key: key["bootstrap"])
    let attacks = Attack.allCases.map { attack in
      let scores = fleet.masks.indices.map { target in
        switch attack {
        case .likelihoodRatio: LikelihoodRatioAttack.scores(target: target, scores: matrix, masks: fleet.masks)
        case .lossThreshold: LossThresholdAttack.scores(target: target, scores: matrix)
        }
      }
      return AttackEvaluation(
        attack: attack, fleet: fleet, index: index, scores: scores, shuffled: shuffled, weights: weights)
    }
    return PrivacyEvaluation(
      arm: fleet.arm, models: fleet.masks.count, items: fleet.labels.count, resamples: resampleCount,
      attacks: attacks)
  }

  /// For every resample, how often each item counts: as often as its cluster was drawn.
  private static func bootstrapWeights(_ index: ClusterIndex, key: RandomKey) -> [[Int32]] {
    var generator = key.generator
    return (0..<resampleCount).map { _ in
      let clusters = generator.clusterWeights(count: index.count)
      return index.ofItem.map { clusters[$0] }
    }
  }
}

extension AttackEvaluation {
  /// - Parameters:
  ///   - scores: `[target][item]`; higher means member.
  ///   - shuffled: The control's membership, `[target][item]`.
  ///   - weights: `[resample][item]`.
  fileprivate init(
    attack: Attack, fleet: Fleet, index: ClusterIndex, scores: [[Double]], shuffled: [[Bool]], weights: [[Int32]]
  ) {
    self.attack = attack
    let items = fleet.labels.count
    let ones = [Int32](repeating: 1, count: items)
    let all = AttackedGroup(
      name: nil, n: items, clusters: index.count,
      targets: zip(scores, fleet.masks).map { RankedTarget(scores: $0, membership: $1) })
    let groups = fleet.groups.map { AttackedGroup($0, of: all, fleet: fleet) }
    let limits = AttackMeasures.limits
    var overallReadings: [AttackedGroup.Reading] = []
    var groupReadings = [[AttackedGroup.Reading]](repeating: [], count: groups.count)
    for weights in weights {
      let reading = all.reading(weights: weights, limits: limits, thresholds: [])
      overallReadings.append(reading)
      for (number, group) in groups.enumerated() {
        groupReadings[number].append(group.reading(weights: weights, limits: limits, thresholds: reading.thresholds))
      }
    }
    overall = AttackMeasures(
      all, ones: ones, thresholds: [], globalNonMembers: 0, replicates: overallReadings)
    let thresholds = all.reading(weights: ones, limits: limits, thresholds: []).thresholds
    let resolution = overall.fewestNonMembers
    self.groups = zip(groups, groupReadings).map {
      AttackMeasures($0, ones: ones, thresholds: thresholds, globalNonMembers: resolution, replicates: $1)
    }
    let swapped = AttackedGroup(
      name: nil, n: items, clusters: index.count,
      targets: zip(scores, shuffled).map { RankedTarget(scores: $0, membership: $1) })
    control =
      AttackMeasures(
        swapped, ones: ones, thresholds: [], globalNonMembers: 0,
        replicates: weights.map { swapped.reading(weights: $0, limits: limits, thresholds: []) }
      ).areaUnderCurve
  }
}

extension AttackedGroup {
  /// The part of `all` that is in a group.
  fileprivate init(_ group: Subgroup, of all: AttackedGroup, fleet: Fleet) {
    var isMember = [Bool](repeating: false, count: fleet.labels.count)
    for item in group.members { isMember[item] = true }
    self.init(
      name: group.name, n: group.members.count,
      clusters: ClusterIndex(group.members.map { fleet.clusters[$0] }).count,
      targets: all.targets.map { $0.restricted(to: isMember) })
  }
}

import Metrics
import Statistics

/// What attacks read of a fleet, computed once for all of them.
struct FleetReadings: Sendable {
  let fleet: Fleet
  /// φ or the score given, `[query][model][item]`.
  let confidences: [[[Double]]]

  init(_ fleet: Fleet) {
    self.fleet = fleet
    confidences = fleet.scores.confidences(labels: fleet.labels)
  }

  /// The scores of an attack against every target, `[target][item]` in the order of the fleet's targets; higher means
  /// member.
  ///
  /// - Throws: `PrivacyError` where the fleet lacks what the attack reads.
  func scores(of attack: Attack) throws(PrivacyError) -> [[Double]] {
    let targets = fleet.targets
    try requireShadows(for: attack)
    switch attack {
    case .lossThreshold:
      return targets.map { target in
        LossThresholdAttack.scores(losses: confidences.map { $0[target].map(fleet.scores.loss) })
      }
    case .likelihoodRatio(let options):
      return concurrentMap(targets.count) { number in
        LikelihoodRatioAttack.scores(
          target: targets[number], shadows: shadows(of: targets[number]), scores: confidences, masks: fleet.masks,
          options: options)
      }
    case .offlineLikelihoodRatio(let options):
      return concurrentMap(targets.count) { number in
        LikelihoodRatioAttack.offlineScores(
          target: targets[number], shadows: shadows(of: targets[number]), scores: confidences, masks: fleet.masks,
          options: options)
      }
    case .relativeMembership(let options):
      let probabilities = confidences.map { $0.map { $0.map(fleet.scores.probability) } }
      return concurrentMap(targets.count) { number in
        RelativeMembershipAttack.scores(
          target: targets[number], shadows: shadows(of: targets[number]), probabilities: probabilities,
          masks: fleet.masks, options: options)
      }
    case .lossTrace:
      guard let traces = fleet.lossTraces, let epochs = traces.first?.count, epochs >= 2 else {
        throw .noLossTraces(arm: fleet.arm)
      }
      return targets.map { LossTraceAttack.scores(trace: traces[$0]) }
    }
  }

  private func shadows(of target: Int) -> [Int] { fleet.design.shadows(of: target, models: fleet.masks.count) }

  /// A variance of its own needs two shadows, a mean one.
  private func requireShadows(for attack: Attack) throws(PrivacyError) {
    for target in fleet.targets where attack.needsShadows {
      let shadows = shadows(of: target)
      let needed: [(isMember: Bool, count: Int)] =
        switch attack {
        case .lossThreshold, .lossTrace: []
        case .relativeMembership: [(false, 1)]
        case .offlineLikelihoodRatio: [(false, 2)]
        case .likelihoodRatio: [(false, 2), (true, 2)]
        }
      for (isMember, count) in needed {
        var found = [Int](repeating: 0, count: fleet.items)
        for model in shadows {
          for item in 0..<fleet.items where fleet.masks[model][item] == isMember { found[item] += 1 }
        }
        guard let item = found.firstIndex(where: { $0 < count }) else { continue }
        throw .tooFewShadows(
          arm: fleet.arm, attack: attack.name, target: target, item: item, isMember: isMember, found: found[item],
          needed: count)
      }
    }
  }
}

extension Fleet {
  /// The scores of an attack against every target, `[target][item]` in the order of the design's targets; higher means
  /// member.
  ///
  /// - Throws: `PrivacyError` where the fleet is wrong or lacks what the attack reads.
  package func attackScores(of attack: Attack) throws(PrivacyError) -> [[Double]] {
    try validate([attack])
    return try FleetReadings(self).scores(of: attack)
  }
}

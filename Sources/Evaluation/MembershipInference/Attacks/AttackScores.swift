import Foundation
package import Metrics
import Statistics

/// The shadow models' scores that attacks read, computed once for all attacks.
struct AttackReadings: Sendable {
  let shadowModels: ShadowModels
  /// φ or the score given, `[query][model][item]`.
  let confidences: [[[Double]]]

  init(_ shadowModels: ShadowModels) {
    self.shadowModels = shadowModels
    confidences = shadowModels.scores.confidences(labels: shadowModels.labels)
  }

  /// The scores of an attack against every target, `[target][item]` in the order of the targets; higher means
  /// member.
  ///
  /// - Throws: `PrivacyError` if something is missing that the attack reads.
  func scores(of attack: Attack) throws(PrivacyError) -> [[Double]] {
    let targets = shadowModels.targets
    try requireShadows(for: attack)
    switch attack {
    case .lossThreshold:
      return targets.map { target in
        LossThresholdAttack.scores(losses: confidences.map { $0[target].map(shadowModels.scores.loss) })
      }
    case .likelihoodRatio(let options):
      return concurrentMap(targets.count) { number in
        LikelihoodRatioAttack.scores(
          target: targets[number], shadows: shadows(of: targets[number]), scores: confidences,
          masks: shadowModels.masks,
          options: options)
      }
    case .offlineLikelihoodRatio(let options):
      return concurrentMap(targets.count) { number in
        LikelihoodRatioAttack.offlineScores(
          target: targets[number], shadows: shadows(of: targets[number]), scores: confidences,
          masks: shadowModels.masks,
          options: options)
      }
    case .relativeMembership(let options):
      let probabilities = confidences.map { $0.map { $0.map(shadowModels.scores.probability) } }
      return concurrentMap(targets.count) { number in
        RelativeMembershipAttack.scores(
          target: targets[number], shadows: shadows(of: targets[number]), probabilities: probabilities,
          masks: shadowModels.masks, options: options)
      }
    case .lossTrace:
      guard let traces = shadowModels.lossTraces, let epochs = traces.first?.count, epochs >= 2 else {
        throw .noLossTraces(arm: shadowModels.arm)
      }
      return targets.map { LossTraceAttack.scores(trace: traces[$0]) }
    }
  }

  private func shadows(of target: Int) -> [Int] {
    shadowModels.design.shadows(of: target, models: shadowModels.masks.count)
  }

  /// A variance of its own needs two shadows, a mean one.
  private func requireShadows(for attack: Attack) throws(PrivacyError) {
    for target in shadowModels.targets where attack.needsShadows {
      let shadows = shadows(of: target)
      let needed: [(isMember: Bool, count: Int)] =
        switch attack {
        case .lossThreshold, .lossTrace: []
        case .relativeMembership: [(false, 1)]
        case .offlineLikelihoodRatio: [(false, 2)]
        case .likelihoodRatio: [(false, 2), (true, 2)]
        }
      for (isMember, count) in needed {
        var found = [Int](repeating: 0, count: shadowModels.items)
        for model in shadows {
          for item in 0..<shadowModels.items where shadowModels.masks[model][item] == isMember { found[item] += 1 }
        }
        guard let item = found.firstIndex(where: { $0 < count }) else { continue }
        throw .tooFewShadows(
          arm: shadowModels.arm, attack: attack.name, target: target, item: item, isMember: isMember,
          found: found[item],
          needed: count)
      }
    }
  }
}

extension ShadowModels {
  /// The scores of an attack against every target, `[target][item]` in the order of the design's targets; higher means
  /// member.
  ///
  /// - Throws: `PrivacyError` if the shadow models are inconsistent, or something is missing that the attack reads.
  package func attackScores(of attack: Attack) throws(PrivacyError) -> [[Double]] {
    try validate([attack])
    return try AttackReadings(self).scores(of: attack)
  }
}

/// A model's confidence in an item's label, in forms that separate members from non-members.
package enum MembershipScore {
  /// φ = z_y − log Σ_{j≠y} exp z_j, the logit of the label's probability (Carlini et al. 2022), which stays finite
  /// where
  /// the probability rounds to 1.
  package static func logitScaled(_ logits: Logits, item: Int, label: Int) -> Double {
    logits.logitScaledProbability(item: item, label: label)
  }

  /// The loss −log p_y that belongs to a φ, without cancellation.
  package static func loss(ofScore score: Double) -> Double {
    score > 0 ? log1p(exp(-score)) : log1p(exp(score)) - score
  }
}

import Foundation
package import Metrics
import Statistics

/// The shadow models' scores that attacks read, computed once for all attacks.
struct AttackReadings: Sendable {
  let shadowModels: ShadowModels
  /// φ or the score given, `[query][model][item]`.
  let confidences: [[[Double]]]
  let balance: CountBalance

  init(_ shadowModels: ShadowModels) {
    self.shadowModels = shadowModels
    confidences = shadowModels.scores.confidences(labels: shadowModels.labels)
    balance = CountBalance(shadowModels)
  }

  /// The scores of an attack against every target, `[target][item]` in the order of the targets; higher means member, and
  /// an item whose shadow models are too few against a target has none (not a number).
  ///
  /// - Throws: `PrivacyError` if something is missing that the attack reads, or a target has no members or no
  ///   non-members left.
  func scores(of attack: Attack) throws(PrivacyError) -> [[Double]] {
    if attack == .lossTrace, (shadowModels.lossTraces?.first?.count ?? 0) < 2 {
      throw .noLossTraces(arm: shadowModels.arm)
    }
    let targets = shadowModels.targets
    let selections = attack.needsShadows ? targets.map { shadowModels.selection(of: $0, balance: balance) } : []
    let probabilities = self.probabilities(for: attack)
    let scores = concurrentMap(targets.count) { number in
      let shadows = attack.needsShadows ? selections[number] : nil
      var scores = self.scores(of: attack, target: targets[number], shadows: shadows, probabilities: probabilities)
      guard let shadows else { return scores }
      for (isMember, count) in attack.shadowsNeeded {
        for (item, found) in shadows.counts(isMember: isMember).enumerated() where found < count { scores[item] = .nan }
      }
      return scores
    }
    for (number, target) in targets.enumerated() where attack.needsShadows {
      try requireSides(attack, target: target, scores: scores[number], shadows: selections[number])
    }
    return scores
  }

  /// The same against the targets besides `models`, which are not read as shadow models either, for the items that the
  /// attack scores when it reads all. Variances that the remaining models are too few for are those of all.
  ///
  /// - Parameters:
  ///   - models: In the design's targets.
  ///   - scores: With all models, `[target][item]`.
  func scores(of attack: Attack, without models: [Int], scores: [[Double]]) -> [(target: Int, scores: [Double])] {
    let targets = shadowModels.targets
    let kept = targets.indices.filter { !models.contains(targets[$0]) }
    guard attack.needsShadows else { return kept.map { ($0, scores[$0]) } }
    let probabilities = self.probabilities(for: attack)
    return kept.map { number in
      let whole = shadowModels.selection(of: targets[number], balance: balance)
      let shadows = shadowModels.selection(of: targets[number], balance: balance, without: models)
      var found = self.scores(
        of: attack, target: targets[number], shadows: shadows, probabilities: probabilities, whole: whole)
      for item in found.indices where scores[number][item].isNaN { found[item] = .nan }
      for (isMember, _) in attack.shadowsNeeded {
        for (item, count) in shadows.counts(isMember: isMember).enumerated() where count == 0 { found[item] = .nan }
      }
      return (number, found)
    }
  }

  private func probabilities(for attack: Attack) -> [[[Double]]] {
    guard case .relativeMembership = attack else { return [] }
    return confidences.map { $0.map { $0.map(shadowModels.scores.probability) } }
  }

  /// - Parameters:
  ///   - shadows: `nil` for an attack that reads none.
  ///   - whole: The shadow models before some were left out.
  private func scores(
    of attack: Attack, target: Int, shadows: ShadowSelection?, probabilities: [[[Double]]],
    whole: ShadowSelection? = nil
  ) -> [Double] {
    let shadows = shadows ?? ShadowSelection(models: [], masks: [])
    switch attack {
    case .lossThreshold:
      return LossThresholdAttack.scores(losses: confidences.map { $0[target].map(shadowModels.scores.loss) })
    case .likelihoodRatio(let options):
      return LikelihoodRatioAttack.scores(
        target: target, shadows: shadows, scores: confidences, options: options, whole: whole)
    case .offlineLikelihoodRatio(let options):
      return LikelihoodRatioAttack.offlineScores(
        target: target, shadows: shadows, scores: confidences, options: options, whole: whole)
    case .relativeMembership(let options):
      return RelativeMembershipAttack.scores(
        target: target, shadows: shadows, probabilities: probabilities, isMember: shadowModels.masks[target],
        options: options)
    case .lossTrace:
      return LossTraceAttack.scores(trace: shadowModels.lossTraces?[target] ?? [])
    }
  }

  /// Members and non-members must remain of each target, or there is no curve.
  private func requireSides(
    _ attack: Attack, target: Int, scores: [Double], shadows: ShadowSelection
  ) throws(PrivacyError) {
    let mask = shadowModels.masks[target]
    let remaining = Set(scores.indices.lazy.filter { !scores[$0].isNaN }.map { mask[$0] })
    guard remaining.count < 2 else { return }
    for (isMember, needed) in attack.shadowsNeeded {
      let counts = shadows.counts(isMember: isMember)
      guard let item = counts.indices.first(where: { counts[$0] < needed && !remaining.contains(mask[$0]) }) else {
        continue
      }
      throw .tooFewShadows(
        arm: shadowModels.arm, attack: attack.name, target: target, item: item, isMember: isMember,
        found: counts[item], needed: needed)
    }
  }
}

extension Attack {
  /// How many shadow models on each side of an item its score needs: a variance needs two, a mean one.
  var shadowsNeeded: [(isMember: Bool, count: Int)] {
    switch self {
    case .lossThreshold, .lossTrace: []
    case .relativeMembership: [(false, 1)]
    case .offlineLikelihoodRatio: [(false, 2)]
    case .likelihoodRatio: [(false, 2), (true, 2)]
    }
  }
}

extension ShadowModels {
  /// The scores of an attack against every target, `[target][item]` in the order of the design's targets; higher means
  /// member, and an item whose shadow models are too few against a target has none (not a number).
  ///
  /// - Throws: `PrivacyError` if the shadow models are inconsistent, or something is missing that the attack reads.
  package func attackScores(of attack: Attack) throws(PrivacyError) -> [[Double]] {
    try validate([attack])
    return try AttackReadings(self).scores(of: attack)
  }

  /// The same against the targets besides `models`, which are not read as shadow models either; see
  /// `AttackReadings.scores(of:without:scores:)`.
  ///
  /// - Returns: The numbers of the targets among all, and each one's scores of the items.
  package func attackScores(
    of attack: Attack, without models: [Int]
  ) throws(PrivacyError) -> [(target: Int, scores: [Double])] {
    try validate([attack])
    let readings = AttackReadings(self)
    return readings.scores(of: attack, without: models, scores: try readings.scores(of: attack))
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

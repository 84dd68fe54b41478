package import Metrics
import Statistics
package import Support

/// The findings of membership inference against the shadow models of several arms, and their comparison.
package struct PrivacyStudy: Equatable, Sendable {
  /// In the order of the shadow models.
  package var evaluations: [PrivacyEvaluation]
  /// `nil` if nothing was to be compared.
  package var rule: PrivacyRule?
  package var comparisons: [PrivacyComparison]
  /// The comparisons that Holm's correction counts.
  package var familySize: Int

  /// Attacks the shadow models of every arm, and compares those that are to be compared on the same resamples. A pure
  /// function of its
  /// arguments.
  ///
  /// - Parameters:
  ///   - attacks: The attacks against an arm, given its name.
  ///   - comparisons: The arms of each have the same items, masks, clusters and groups.
  ///   - rule: What was agreed before the run.
  ///   - confidence: Of every interval of a comparison, above .5 and below 1.
  ///   - confidences: The confidence level of an arm's own intervals, by its name; `confidence` if it has none.
  ///   - key: Where resamples, permutations and shuffled membership are drawn from, the same for every arm.
  /// - Throws: `PrivacyError` naming the arm, model and item that is wrong.
  package static func evaluate(
    shadowModelsByArm: [ShadowModels], attacks: (String) -> [Attack] = { _ in Attack.standard },
    comparisons: [ArmComparison] = [],
    rule: PrivacyRule? = nil, confidence: Double = 0.95, confidences: (String) -> Double? = { _ in nil },
    key: RandomKey
  ) throws(PrivacyError) -> PrivacyStudy {
    let intervals = try AttackIntervals(confidence: confidence)
    var names: Set<String> = []
    for shadowModels in shadowModelsByArm {
      guard names.insert(shadowModels.arm).inserted else { throw .repeatedArm(shadowModels.arm) }
      try shadowModels.validate(attacks(shadowModels.arm))
    }
    var rule = rule
    rule?.confidence = confidence
    let compared = rule == nil ? [] : comparisons
    if let rule { try validate(compared, shadowModelsByArm: shadowModelsByArm, attacks: attacks, rule: rule) }
    var evaluations: [PrivacyEvaluation] = []
    var runs: [String: [AttackRun]] = [:]
    for shadowModels in shadowModelsByArm {
      let own = confidences(shadowModels.arm) ?? confidence
      let setting = AttackSetting(shadowModels, intervals: try AttackIntervals(confidence: own), key: key)
      var found: [AttackRun] = []
      for attack in attacks(shadowModels.arm) { found.append(try AttackRun(attack, setting: setting)) }
      evaluations.append(PrivacyEvaluation(setting, confidence: own, attacks: found.map(\.evaluation)))
      if compared.contains(where: { $0.arm == shadowModels.arm || $0.reference == shadowModels.arm }) {
        runs[shadowModels.arm] = found
      }
    }
    let results = rule.map {
      PrivacyComparison.all(compared, runs: runs, rule: $0, intervals: intervals)
    }
    return PrivacyStudy(
      evaluations: evaluations, rule: compared.isEmpty ? nil : rule, comparisons: results ?? [],
      familySize: results?.count { $0.isInFamily } ?? 0)
  }

  private static func validate(
    _ comparisons: [ArmComparison], shadowModelsByArm: [ShadowModels], attacks: (String) -> [Attack], rule: PrivacyRule
  ) throws(PrivacyError) {
    guard rule.margin >= 0, rule.margin < 1 else { throw .marginOutsideRange(rule.margin) }
    for comparison in comparisons {
      let pair = try [comparison.arm, comparison.reference].map { name throws(PrivacyError) in
        guard let shadowModels = shadowModelsByArm.first(where: { $0.arm == name }) else {
          throw .unknownArm(name, known: shadowModelsByArm.map(\.arm))
        }
        guard attacks(name).contains(rule.attack) else { throw .attackNotRun(arm: name, attack: rule.attack.text) }
        return shadowModels
      }
      let different =
        pair[0].items != pair[1].items
        ? "items"
        : pair[0].design != pair[1].design
          ? "designs"
          : pair[0].masks != pair[1].masks
            ? "masks"
            : ClusterIndex(pair[0].clusters) != ClusterIndex(pair[1].clusters)
              ? "clusters"
              : pair[0].groups != pair[1].groups
                ? "groups"
                : pair[0].itemNames != pair[1].itemNames ? "item names" : nil
      if let different {
        throw .notPaired(arm: comparison.arm, reference: comparison.reference, what: different)
      }
    }
  }
}

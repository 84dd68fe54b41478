package import Support

extension PrivacyEvaluation {
  static let resampleCount = 1_000

  /// Attacks a fleet as its design says. A pure function of its arguments.
  ///
  /// - Parameters:
  ///   - attacks: In the order in which they are to be reported.
  ///   - confidence: Of every interval, above .5 and below 1.
  ///   - key: Where bootstrap resamples, permutations and the control's shuffled membership are drawn from.
  /// - Throws: `PrivacyError` naming the model and item that is wrong, or what an attack lacks.
  package static func evaluate(
    fleet: Fleet, attacks: [Attack] = Attack.standard, confidence: Double = 0.95, key: RandomKey
  ) throws(PrivacyError) -> PrivacyEvaluation {
    let intervals = try AttackIntervals(confidence: confidence)
    try fleet.validate(attacks)
    let setting = AttackSetting(fleet, intervals: intervals, key: key)
    var found: [AttackEvaluation] = []
    for attack in attacks { found.append(try AttackRun(attack, setting: setting).evaluation) }
    return PrivacyEvaluation(setting, confidence: confidence, attacks: found)
  }

  init(_ setting: AttackSetting, confidence: Double, attacks: [AttackEvaluation]) {
    let fleet = setting.fleet
    self.init(
      arm: fleet.arm, design: fleet.design, models: fleet.masks.count, items: fleet.items,
      queries: setting.readings.confidences.count, confidence: confidence, resamples: Self.resampleCount,
      cautions: fleet.cautions, attacks: attacks)
  }
}

extension Fleet {
  /// Checks the fleet and the list of attacks against it.
  func validate(_ attacks: [Attack]) throws(PrivacyError) {
    try validate()
    guard !attacks.isEmpty else { throw .noAttacks(arm: arm) }
    var seen: Set<Attack> = []
    for attack in attacks {
      guard seen.insert(attack).inserted else { throw .repeatedAttack(arm: arm, attack: attack.text) }
    }
  }
}

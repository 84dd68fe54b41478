internal import Privacy

extension PrivacySettings {
  /// - Parameter arms: those that may have settings of their own.
  init(_ value: YAMLValue, arms: [Arm]) throws(SpecificationError) {
    let keys = try value.mapping(["attacks", "models", "pool", "packed", "by_arm"])
    models = try keys["models"]?.fleetSize() ?? 16
    pool = try keys["pool"]?.integer(8...100_000_000) ?? 2_000
    packed = try keys["packed"]?.integer(1...1_024) ?? 1
    attacks = try keys["attacks"]?.attacks() ?? Attack.standard
    let trained = arms.filter(\.isTrained).map(\.name)
    byArm = [:]
    guard let exceptions = try keys["by_arm"]?.mapping(trained) else { return }
    for name in trained {
      guard let own = try exceptions[name]?.mapping(["attacks", "models"]) else { continue }
      byArm[name] = Exception(models: try own["models"]?.fleetSize(), attacks: try own["attacks"]?.attacks())
    }
  }
}

extension YAMLValue {
  fileprivate func fleetSize() throws(SpecificationError) -> Int {
    let models = try integer(6...4_096)
    guard models % 2 == 0 else {
      throw failure("models must be even, because shadow models come in complementary pairs; found \(models)")
    }
    return models
  }

  /// Attacks by their canonical text.
  fileprivate func attacks() throws(SpecificationError) -> [Attack] {
    var attacks: [Attack] = []
    for item in try sequence() {
      let text = try item.string()
      let attack: Attack
      do throws(AttackTextError) {
        attack = try Attack(text: text)
      } catch {
        throw item.failure(error.problem)
      }
      guard attack != .lossTrace else {
        throw item.failure(
          "loss-trace needs each item's loss after every epoch, which audits do not keep; tenbin attack takes it")
      }
      guard !attacks.contains(attack) else { throw item.failure("\"\(attack.text)\" is listed twice") }
      attacks.append(attack)
    }
    return attacks
  }
}

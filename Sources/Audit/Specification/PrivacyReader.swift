internal import MembershipInference
internal import Planning

extension PrivacySettings {
  /// - Parameter arms: those that may have settings of their own.
  init(_ value: YAMLValue, arms: [Arm], task: Specification.Task) throws(SpecificationError) {
    let keys = try value.mapping([
      "attacks", "models", "pool", "packed", "queries", "early", "by_arm", "design", "shadow_items",
    ])
    for key in ["packed", "queries"] {
      guard let images = keys[key], task.isText else { continue }
      throw images.failure("is for images; the task \(task.rawValue) has none")
    }
    shadowModels = ShadowModelSettings(
      models: try keys["models"]?.modelCount() ?? 16, pool: try keys["pool"]?.integer(8...100_000_000) ?? 2_000)
    shadowModels.packed = try keys["packed"]?.integer(1...1_024) ?? 1
    shadowModels.queries = try keys["queries"]?.integer(1...2) ?? 1
    let isReleased = try keys["design"]?.choice(DesignName.self) == .released
    if isReleased {
      shadowModels.design = .released(shadowItems: try keys["shadow_items"]?.integer(1...1_000_000_000))
    } else if let items = keys["shadow_items"] {
      throw items.failure("belongs to design: released; in the symmetric design a model is trained on half of the pool")
    }
    attacks =
      try keys["attacks"]?.attacks(isReleased: isReleased)
      ?? (isReleased ? [.offlineLikelihoodRatio(), .lossThreshold] : Attack.standard)
    let trained = arms.filter(\.isTrained)
    let exceptions = try keys["by_arm"]?.mapping(trained.map(\.name))
    for arm in trained {
      guard let own = try exceptions?[arm.name]?.mapping(["attacks", "models"]) else { continue }
      shadowModels.modelsByArm[arm.name] = try own["models"]?.modelCount()
      attacksByArm[arm.name] = try own["attacks"]?.attacks(isReleased: isReleased)
    }
    shadowModels.tracedArms = Set(trained.map(\.name).filter { attacks(of: $0).contains(.lossTrace) })
    if let value = keys["early"] {
      let fewest = trained.map(shadowModels.models).min() ?? shadowModels.models
      (early, shadowModels.analyses) = try EarlyAnswerSettings.read(value, fewest: fewest)
    }
  }
}

private enum DesignName: String, CaseIterable {
  case symmetric, released
}

extension YAMLValue {
  fileprivate func modelCount() throws(SpecificationError) -> Int {
    let models = try integer(6...4_096)
    guard models % 2 == 0 else {
      throw failure("models must be even: those of the symmetric design come in complementary pairs; found \(models)")
    }
    return models
  }

  /// Attacks by their canonical text.
  ///
  /// - Parameter isReleased: no shadow model has an audited item.
  fileprivate func attacks(isReleased: Bool) throws(SpecificationError) -> [Attack] {
    var attacks: [Attack] = []
    for item in try sequence() {
      let text = try item.string()
      let attack: Attack
      do throws(AttackTextError) {
        attack = try Attack(text: text)
      } catch {
        throw item.failure(error.problem)
      }
      guard attack != .lossTrace || !isReleased else {
        throw item.failure(
          "loss-trace needs each item's loss after every epoch, which whoever has a released model does not know")
      }
      if isReleased, case .likelihoodRatio = attack {
        throw item.failure(
          "lira needs shadow models that have the item, which those of a released model never have; use lira-offline")
      }
      guard !attacks.contains(attack) else { throw item.failure("\"\(attack.text)\" is listed twice") }
      attacks.append(attack)
    }
    return attacks
  }
}

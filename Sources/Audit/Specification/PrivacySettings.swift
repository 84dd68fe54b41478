package import MembershipInference
package import Planning

/// Whether and how membership inference is measured.
package struct PrivacySettings: Sendable, Equatable {
  /// The models that are trained for it, and the numbers of them at which there is an interim analysis.
  package var shadowModels: ShadowModelSettings
  package var attacks: [Attack]
  /// The attacks of single arms, by the arm's name.
  package var attacksByArm: [String: [Attack]] = [:]
  /// When an arm's shadow models may be left unfinished; nil if every model is trained.
  package var earlyStopping: EarlyStoppingSettings?

  package func attacks(of arm: String) -> [Attack] { attacksByArm[arm] ?? attacks }

  /// Whether an arm's shadow models are evaluated after every epoch.
  package func traces(_ arm: String) -> Bool { attacks(of: arm).contains(.lossTrace) }
}

/// When the first shadow models of an arm are enough: interim analyses at fixed numbers of models, in the plan's order,
/// that share the error rate.
package struct EarlyStoppingSettings: Sendable, Equatable {
  /// The two-sided type I error of all analyses together.
  package var alpha: Double
  package var spending: AlphaSpending
  /// The stopping criterion on the area under the curve of the arm's first attack.
  package var goal: InterimAnalysisGoal
  /// Whether every group that is large enough for a verdict must show it too.
  package var includesGroups: Bool
}

extension PrivacySettings {
  /// - Parameter arms: those that may have settings of their own.
  init(_ value: YAMLValue, arms: [Arm], task: Specification.Task) throws(SpecificationError) {
    let keys = try value.mapping(.privacy)
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
    let exceptions = try keys["by_arm"]?.mapping(trained.map(\.name), moved: ["base": "head"])
    for arm in trained {
      guard let own = try exceptions?[arm.name]?.mapping(.privacyOfArm) else { continue }
      shadowModels.modelsByArm[arm.name] = try own["models"]?.modelCount()
      attacksByArm[arm.name] = try own["attacks"]?.attacks(isReleased: isReleased)
    }
    shadowModels.tracedArms = Set(trained.map(\.name).filter { attacks(of: $0).contains(.lossTrace) })
    if let value = keys["early_stopping"] {
      let fewest = trained.map(shadowModels.models).min() ?? shadowModels.models
      (earlyStopping, shadowModels.analyses) = try EarlyStoppingSettings.read(value, fewest: fewest)
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
      throw failure("models must be even because the symmetric design trains complementary pairs; found \(models)")
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
          "loss-trace needs each item's loss after every epoch, which is unknown for a released model")
      }
      if isReleased, case .likelihoodRatio = attack {
        throw item.failure(
          "lira needs shadow models that were trained on the item, but shadow models of a released model never are; use lira-offline"
        )
      }
      guard !attacks.contains(attack) else { throw item.failure("\"\(attack.text)\" is listed twice") }
      attacks.append(attack)
    }
    return attacks
  }
}

extension EarlyStoppingSettings {
  /// The settings, and the numbers of models at which there is an interim analysis.
  ///
  /// - Parameter fewest: the fewest models that any arm has.
  static func read(
    _ value: YAMLValue, fewest: Int
  ) throws(SpecificationError) -> (settings: EarlyStoppingSettings, analyses: [Int]) {
    let keys = try value.mapping(.earlyStopping)
    let listed = try keys.required("analyses")
    var analyses: [Int] = []
    for item in try listed.sequence() { analyses.append(try item.integer(6...4_096)) }
    let goal: InterimAnalysisGoal
    switch (keys["half_width"], keys["limit"]) {
    case (let width?, nil): goal = .halfWidth(try width.number(0.0001...0.5))
    case (nil, let limit?): goal = .limit(try limit.number(0.5...1))
    default:
      throw value.failure(
        "expected either half_width, how far the interval may reach, or limit, which it must not hold")
    }
    let settings = EarlyStoppingSettings(
      alpha: try keys["alpha"]?.number(0.0001...0.49) ?? 0.05,
      spending: try keys["spending"]?.choice(AlphaSpending.self) ?? .obrienFleming, goal: goal,
      includesGroups: try keys["groups"]?.boolean() ?? false)
    guard let last = analyses.last, last < fewest else {
      throw listed.failure("expected numbers of models below the smallest number of any arm, \(fewest)")
    }
    do throws(InterimAnalysisPlanError) {
      _ = try InterimAnalysisPlan(models: analyses + [fewest], alpha: settings.alpha, spending: settings.spending)
    } catch {
      throw listed.failure(error.description)
    }
    return (settings, analyses)
  }
}

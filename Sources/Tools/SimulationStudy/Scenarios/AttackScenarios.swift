import MembershipInference
import Metrics
import Statistics
import Support

extension Study {
  /// Areas under the curve of attacks, over further items and models: of one arm, and of an arm minus its reference.
  static var attackScenarios: [Scenario] {
    let models = [
      AttackModel(models: 6, items: 300, leakDeviation: 0.4),
      AttackModel(models: 8, items: 300, leakDeviation: 0),
      AttackModel(models: 8, items: 300, leakDeviation: 0.4),
      AttackModel(models: 16, items: 400, clusterSize: 4, correlation: 0.5, leakDeviation: 0.2),
    ]
    return models.map { attackScenario($0, areas: (0.65, 0.6)) } + [
      likelihoodRatioScenario(AttackModel(models: 8, items: 300, leakDeviation: 0.4)),
      attackErrorScenario(AttackModel(models: 8, items: 300, leakDeviation: 0.4)),
    ]
  }

  private static func study(
    _ model: AttackModel, areas: (arm: Double, reference: Double), attack: Attack, key: RandomKey
  ) throws(StudyError) -> PrivacyStudy {
    do throws(PrivacyError) {
      return try PrivacyStudy.evaluate(
        shadowModelsByArm: model.draw(areas: areas, key: key[.data]), attacks: { _ in [attack] },
        comparisons: [ArmComparison(arm: "arm", reference: "reference")],
        rule: PrivacyRule(attack: attack, margin: margin, minimumGroupSize: 50), key: key[.audit])
    } catch {
      throw .attack(error)
    }
  }

  private static func area(_ study: PrivacyStudy, truth: Double) throws(StudyError) -> IntervalFinding {
    guard let found = study.evaluations.first?.attacks.first?.overall.areaUnderCurve.value,
      let interval = found.interval.value
    else { throw .undefinedFigure("the area under the curve") }
    return IntervalFinding(estimate: found.value, interval: interval, truth: truth)
  }

  private static func difference(_ study: PrivacyStudy) throws(StudyError) -> VulnerabilityDifference {
    guard let found = study.comparisons.first(where: { $0.isInFamily })?.difference.value else {
      throw .undefinedFigure("the difference of areas under the curve")
    }
    return found
  }

  /// The coverage of the loss threshold attack's area and of its difference between two arms.
  package static func attackScenario(
    _ model: AttackModel, areas: (arm: Double, reference: Double), auditShare: Double = 0.5
  ) -> Scenario {
    let data = "\(model.words), areas \(shareWords(areas.arm)) and \(shareWords(areas.reference))"
    return Scenario(.attacks, data, auditShare: auditShare) { simulation throws(StudyError) in
      let findings = try simulation.run { key throws(StudyError) in
        let study = try study(model, areas: areas, attack: .lossThreshold, key: key)
        let found = try difference(study)
        return (
          area: try area(study, truth: areas.arm),
          difference: IntervalFinding(
            estimate: found.value, interval: found.interval, truth: areas.arm - areas.reference)
        )
      }
      return [
        .coverage(.attacks, data, of: "area covered", findings.map(\.area)),
        .coverage(.attacks, data, of: "difference covered", findings.map(\.difference)),
      ]
    }
  }

  /// Of two arms that leak alike: the coverage of no difference by the likelihood ratio attack, which reads the other
  /// models.
  package static func likelihoodRatioScenario(_ model: AttackModel, auditShare: Double = 0.5) -> Scenario {
    let data = "\(model.words), lira on two arms that leak alike"
    return Scenario(.attacks, data, auditShare: auditShare) { simulation throws(StudyError) in
      let findings = try simulation.run { key throws(StudyError) in
        let found = try difference(
          study(model, areas: (0.65, 0.65), attack: .likelihoodRatio(), key: key))
        return IntervalFinding(estimate: found.value, interval: found.interval, truth: 0)
      }
      return [.coverage(.attacks, data, of: "difference covered", findings)]
    }
  }

  /// How often a difference is confirmed where there is none, and an arm found within the margin that leaks by the margin
  /// more.
  package static func attackErrorScenario(_ model: AttackModel, auditShare: Double = 0.5) -> Scenario {
    Scenario(.attacks, "\(model.words), verdicts", auditShare: auditShare) { simulation throws(StudyError) in
      let confirmed = try simulation.run { key throws(StudyError) in
        try difference(study(model, areas: (0.6, 0.6), attack: .lossThreshold, key: key)).verdict
          == .differenceConfirmed
      }
      let reassured = try simulation.run { key throws(StudyError) in
        try difference(study(model, areas: (0.6 + margin, 0.6), attack: .lossThreshold, key: key)).verdict
          == .withinMargin
      }
      return [
        .frequency(
          .attacks, "\(model.words), areas .6 and .6", of: "difference confirmed", confirmed, bound: .atMost(0.05)),
        .frequency(
          .attacks, "\(model.words), areas .63 and .6", of: "within the margin", reassured, bound: .atMost(0.05)),
      ]
    }
  }
}

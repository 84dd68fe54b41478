internal import Metrics
import Statistics
internal import Support

extension PlantedTruths {
  static var calibrationScenarios: [TruthScenario] {
    let schemes: [(seeds: Int, clusterSize: Int, correlation: Double)] = [
      (1, 1, 0), (5, 1, 0), (1, 4, 0.3), (5, 4, 0.3),
    ]
    return schemes.flatMap { scheme in
      [0, 0.06].flatMap { gap in
        [300, 1_000].map { items in
          calibrationScenario(
            CalibratedPredictions(
              items: items, gap: gap, seeds: scheme.seeds, clusterSize: scheme.clusterSize,
              correlation: scheme.correlation))
        }
      }
    }
  }

  /// The coverage of the intervals of the signed gap and of the squared calibration error.
  static func calibrationScenario(_ model: CalibratedPredictions) -> TruthScenario {
    let gap = model.gap == 0 ? "perfectly calibrated" : "over-confident by \(shareWords(model.gap))"
    let planted =
      "n = \(model.items), \(gap), \(seedWords(model.seeds)), \(clusterWords(model.clusterSize, model.correlation))"
    // The bootstrap of many predictions is dear.
    let share = model.items * model.seeds >= 5_000 ? 0.25 : 0.4
    return TruthScenario(.calibration, planted, auditShare: share) { simulation throws(PlantedTruthsError) in
      let findings = try simulation.run { key throws(PlantedTruthsError) in
        let arm = try evaluatedArm(model.draw(key: key[.data]), key: key[.audit])
        guard let calibration = arm?.calibration.overall, let gap = calibration.signedGap.interval.value,
          let error = calibration.debiasedSquaredError.value, let squared = error.interval.value
        else { throw PlantedTruthsError.undefinedFigure("The calibration error") }
        return (
          gap: IntervalFinding(estimate: calibration.signedGap.value, interval: gap, truth: model.gap),
          squared: IntervalFinding(estimate: error.value, interval: squared, truth: model.gap * model.gap)
        )
      }
      return [
        .coverage(.calibration, planted, of: "signed gap covered", findings.map(\.gap)),
        .coverage(.calibration, planted, of: "squared calibration error covered", findings.map(\.squared)),
      ]
    }
  }

  /// The evaluation of the first of an audit's arms, which are compared with nothing.
  static func evaluatedArm(
    _ data: (items: EvaluationItems, arm: ArmPredictions), key: RandomKey
  ) throws(PlantedTruthsError) -> ArmEvaluation? {
    do throws(EvaluationError) {
      return try FairnessEvaluation.evaluate(
        items: data.items, arms: [data.arm], comparisons: [], rule: PairedAudit.rule, key: key
      ).arms.first
    } catch {
      throw .evaluation(error)
    }
  }
}

import Metrics
import Statistics
import Support

extension Study {
  static var calibrationScenarios: [Scenario] {
    [
      calibrationScenario(
        CalibratedPredictions(
          items: 300, gap: 0, seeds: 1, seedDeviation: 0, layout: .unclustered, correlation: 0)),
      calibrationScenario(
        CalibratedPredictions(
          items: 1_000, gap: 0.06, seeds: 3, seedDeviation: 0.02, layout: .size(4), correlation: 0.3)),
      calibrationScenario(
        CalibratedPredictions(
          items: 400, gap: 0.06, seeds: 1, seedDeviation: 0, layout: .count(20), correlation: 0.3)),
    ]
  }

  /// The coverage of the intervals of the signed gap, of the squared calibration error and of two bins of the
  /// reliability diagram.
  static func calibrationScenario(_ model: CalibratedPredictions) -> Scenario {
    let gap = model.gap == 0 ? "perfectly calibrated" : "over-confident by \(shareWords(model.gap))"
    let data =
      ([
        "n = \(model.items)", gap, model.layout.words(correlation: model.correlation),
      ] + seedWords(model.seeds, deviation: model.seedDeviation)).joined(separator: ", ")
    // The bootstrap of many predictions is expensive.
    return Scenario(.calibration, data, auditShare: model.items * model.seeds >= 1_000 ? 0.25 : 0.4) {
      simulation throws(StudyError) in
      let findings = try simulation.run { key throws(StudyError) in
        let arm = try evaluatedArm(model.draw(key: key[.data]), key: key[.audit])
        guard let calibration = arm?.calibration.overall, let gap = calibration.signedGap.interval.value,
          let error = calibration.debiasedSquaredError.value, let squared = error.interval.value
        else { throw StudyError.undefinedFigure("The calibration error") }
        return (
          gap: IntervalFinding(estimate: calibration.signedGap.value, interval: gap, truth: model.gap),
          squared: IntervalFinding(estimate: error.value, interval: squared, truth: model.squaredError),
          bins: [9, 14].map { finding(of: calibration.reliability[$0], model: model) }
        )
      }
      func bin(_ number: Int) -> [IntervalFinding] { findings.compactMap { $0.bins[number] } }
      return [
        .coverage(.calibration, data, of: "signed gap covered", findings.map(\.gap)),
        .coverage(.calibration, data, of: "squared calibration error covered", findings.map(\.squared)),
        .coverage(.calibration, data, of: "accuracy in the bin from .60 to .67 covered", bin(0)),
        .coverage(.calibration, data, of: "accuracy in the bin from .93 to 1 covered", bin(1)),
      ]
    }
  }

  /// `nil` for an empty bin.
  private static func finding(of bin: ReliabilityBin, model: CalibratedPredictions) -> IntervalFinding? {
    guard let accuracy = bin.accuracy.value, let interval = accuracy.interval.value else { return nil }
    return IntervalFinding(
      estimate: accuracy.value, interval: interval, truth: model.accuracy(confidence: bin.lower...bin.upper))
  }

  /// The evaluation of the first of an audit's arms, which are compared with nothing.
  static func evaluatedArm(
    _ data: (items: EvaluationItems, arm: ArmPredictions), key: RandomKey
  ) throws(StudyError) -> ArmEvaluation? {
    do throws(EvaluationError) {
      return try FairnessEvaluation.evaluate(
        items: data.items, arms: [data.arm], comparisons: [], rule: PairedAudit.rule, key: key
      ).arms.first
    } catch {
      throw .evaluation(error)
    }
  }
}

import Metrics
import Statistics

extension AuditReport {
  /// One row for every arm, over all items and in every group.
  func calibrationTable() -> CommaSeparatedTable {
    let bounds = ["", "lower", "upper"]
    var table = CommaSeparatedTable(
      header: ["arm", "column", "group", "n", "seeds", "confidence"]
        + Field.header("expected_calibration_error", bounds)
        + ["expected_under_perfect_calibration"] + Field.header("debiased_squared_error", bounds)
        + ["mean_confidence", "accuracy"]
        + ["signed_gap", "equal_mass_error", "classwise_error", "negative_log_likelihood", "multiclass_brier", "brier"]
        .flatMap { Field.header($0, bounds) }
        + ["brier_reliability", "brier_resolution", "brier_uncertainty", "brier_within_bin_variance"]
        + ["brier_within_bin_covariance"]
        + Field.header("temperature", ["", "expected_calibration_error", "negative_log_likelihood", "signed_gap"])
        + Self.positiveHeader)
    for (arm, calibration, rescaled) in calibrations {
      let brier = calibration.brier
      table.append(
        [arm] + Field.group(calibration.group) + [
          String(calibration.n), String(calibration.seeds), CalibrationEvaluation.confidence,
        ]
          + Field.estimate(.value(calibration.expectedCalibrationError))
          + [Field.number(calibration.expectedUnderPerfectCalibration)]
          + Field.estimate(calibration.debiasedSquaredError)
          + [Field.number(calibration.meanConfidence), Field.number(calibration.accuracy)]
          + [
            .value(calibration.signedGap), .value(calibration.equalMassError), .value(calibration.classwiseError),
            calibration.negativeLogLikelihood, .value(calibration.multiclassBrier),
            .value(Estimate(value: brier.parts.score, interval: brier.interval)),
          ].flatMap { (figure: Measured<Estimate>) in Field.estimate(figure) }
          + [
            brier.parts.reliability, brier.parts.resolution, brier.parts.uncertainty, brier.parts.withinBinVariance,
            brier.parts.withinBinCovariance,
          ].map(Field.number)
          + Self.fields(rescaled) + calibration.positive.fields)
    }
    return table
  }

  /// A log loss that is undefined leaves its own cell empty; the others stand.
  private static func fields(_ rescaled: Measured<Rescaling>) -> [String] {
    guard let found = rescaled.value else { return Field.undefinable(rescaled, 4) { _ in [] } }
    let (figures, loss) = (found.rescaled, found.rescaled.negativeLogLikelihood)
    return [Field.number(found.mean), Field.number(figures.expectedCalibrationError)]
      + [loss.value.map(Field.number) ?? "", Field.number(figures.signedGap), loss.reason ?? ""]
  }

  private static let positiveHeader =
    Field.header("positive_expected_calibration_error", ["", "lower", "upper"])
    + ["positive_expected_under_perfect_calibration"]
    + Field.header("positive_debiased_squared_error", ["", "lower", "upper"])
    + ["positive_mean_probability", "positive_base_rate"]
    + ["positive_signed_gap", "positive_equal_mass_error"].flatMap { Field.header($0, ["", "lower", "upper"]) }

  /// One row for every arm, all items and every group, and bin.
  func reliabilityTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "column", "group", "bin_lower", "bin_upper", "count"]
        + Field.header("mean_confidence", [""]) + Field.header("accuracy", ["", "lower", "upper"]))
    for (arm, calibration, _) in calibrations {
      for bin in calibration.reliability {
        table.append(
          [arm] + Field.group(calibration.group) + [Field.number(bin.lower), Field.number(bin.upper)]
            + [String(bin.count)] + Field.undefinable(bin.meanConfidence, 1) { [Field.number($0)] }
            + Field.estimate(bin.accuracy))
      }
    }
    return table
  }

  /// A figure with the temperature that it comes of, the mean over runs.
  private struct Rescaling: Equatable, Sendable {
    let mean: Double
    let rescaled: TemperatureEvaluation.Rescaled
  }

  private var calibrations: [(arm: String, calibration: CalibrationEvaluation, rescaled: Measured<Rescaling>)] {
    fairness.arms.flatMap { arm in
      arm.calibration.all.enumerated().map { row, calibration in
        let rescaled = arm.temperature.map { temperature in
          Rescaling(
            mean: temperature.temperatures.reduce(0, +) / Double(max(1, temperature.temperatures.count)),
            rescaled: row == 0 ? temperature.overall : temperature.groups[row - 1])
        }
        return (arm.arm, calibration, rescaled)
      }
    }
  }
}

extension Measured<PositiveCalibration> {
  /// What the columns `positive_…` hold.
  fileprivate var fields: [String] {
    func number(_ part: KeyPath<PositiveCalibration, Double>) -> String {
      value.map { Field.number($0[keyPath: part]) } ?? ""
    }
    func estimate(_ part: (PositiveCalibration) -> Measured<Estimate>) -> [String] {
      switch self {
      case .value(let value): Field.estimate(part(value))
      case .undefined(let reason, let n): Field.estimate(.undefined(reason: reason, n: n))
      }
    }
    return estimate { .value($0.expectedCalibrationError) } + [number(\.expectedUnderPerfectCalibration)]
      + estimate(\.debiasedSquaredError) + [number(\.meanProbability), number(\.baseRate)]
      + estimate { .value($0.signedGap) } + estimate { .value($0.equalMassError) }
  }
}

import Fairness

extension AuditReport {
  /// One row for every arm, over all items and in every group.
  func calibrationTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "column", "group", "n", "seeds", "expected_calibration_error"]
        + ["expected_under_perfect_calibration"] + Field.header("debiased_squared_error", ["", "lower", "upper"])
        + ["mean_confidence", "accuracy"] + Field.header("signed_gap", ["", "lower", "upper"])
        + ["equal_mass_error", "classwise_error", "negative_log_likelihood", "multiclass_brier", "brier"]
        + ["brier_reliability", "brier_resolution", "brier_uncertainty", "brier_within_bin_variance"]
        + ["brier_within_bin_covariance"])
    for (arm, calibration) in calibrations {
      table.append(
        [arm] + Field.group(calibration.group) + [String(calibration.n), String(calibration.seeds)]
          + [Field.number(calibration.expectedCalibrationError)]
          + [Field.number(calibration.expectedUnderPerfectCalibration)]
          + Field.estimate(calibration.debiasedSquaredError)
          + [Field.number(calibration.meanConfidence), Field.number(calibration.accuracy)]
          + Field.estimate(calibration.signedGap)
          + [
            calibration.equalMassError, calibration.classwiseError, calibration.negativeLogLikelihood,
            calibration.multiclassBrier, calibration.brier.score, calibration.brier.reliability,
            calibration.brier.resolution, calibration.brier.uncertainty, calibration.brier.withinBinVariance,
            calibration.brier.withinBinCovariance,
          ].map(Field.number))
    }
    return table
  }

  /// One row for every arm, all items and every group, and bin.
  func reliabilityTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "column", "group", "bin_lower", "bin_upper", "count"]
        + Field.header("mean_confidence", [""]) + Field.header("accuracy", ["", "lower", "upper"]))
    for (arm, calibration) in calibrations {
      for bin in calibration.reliability {
        table.append(
          [arm] + Field.group(calibration.group) + [Field.number(bin.lower), Field.number(bin.upper)]
            + [String(bin.count)] + Field.undefinable(bin.meanConfidence, 1) { [Field.number($0)] }
            + Field.estimate(bin.accuracy))
      }
    }
    return table
  }

  private var calibrations: [(arm: String, calibration: CalibrationEvaluation)] {
    fairness.arms.flatMap { arm in
      ([arm.overallCalibration] + arm.groupCalibrations).map { (arm.arm, $0) }
    }
  }
}

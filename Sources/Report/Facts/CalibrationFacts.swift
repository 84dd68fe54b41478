import Fairness

extension CalibrationEvaluation {
  var json: JSONValue {
    .object([
      "group": group.json, "n": .integer(n), "seeds": .integer(seeds),
      "expected_calibration_error": .figure(expectedCalibrationError, n: n),
      "expected_under_perfect_calibration": .figure(expectedUnderPerfectCalibration, n: n),
      "debiased_squared_error": debiasedSquaredError.json { $0.json(n: n) },
      "mean_confidence": .figure(meanConfidence, n: n), "accuracy": .figure(accuracy, n: n),
      "signed_gap": signedGap.json(n: n),
      "reliability": .array(reliability.map(\.json)),
    ])
  }
}

extension ReliabilityBin {
  fileprivate var json: JSONValue {
    .object([
      "lower": .figure(lower, n: count), "upper": .figure(upper, n: count), "count": .integer(count),
      "mean_confidence": meanConfidence.json { .figure($0, n: count) },
      "accuracy": accuracy.json { $0.json(n: count) },
    ])
  }
}

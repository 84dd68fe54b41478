import Metrics
import Statistics

extension CalibrationEvaluation {
  var json: JSONValue {
    .object([
      "group": group.json, "n": .integer(n), "seeds": .integer(seeds), "confidence": .string(Self.confidence),
      "expected_calibration_error": expectedCalibrationError.json(n: n),
      "expected_under_perfect_calibration": .figure(expectedUnderPerfectCalibration, n: n),
      "debiased_squared_error": debiasedSquaredError.json { $0.json(n: n) },
      "mean_confidence": .figure(meanConfidence, n: n), "accuracy": .figure(accuracy, n: n),
      "signed_gap": signedGap.json(n: n),
      "equal_mass_error": equalMassError.json(n: n), "classwise_error": classwiseError.json(n: n),
      "negative_log_likelihood": negativeLogLikelihood.json { $0.json(n: n) },
      "multiclass_brier": multiclassBrier.json(n: n), "brier": brier.json(interval: brierInterval, n: n),
      "reliability": .array(reliability.map(\.json)), "positive": positive.json { $0.json(n: n) },
    ])
  }

  /// What confidence is in every figure but those of the positive class.
  static let confidence = "top label"
}

extension PositiveCalibration {
  fileprivate func json(n: Int) -> JSONValue {
    .object([
      "confidence": .string(Self.confidence),
      "expected_calibration_error": expectedCalibrationError.json(n: n),
      "expected_under_perfect_calibration": .figure(expectedUnderPerfectCalibration, n: n),
      "debiased_squared_error": debiasedSquaredError.json { $0.json(n: n) },
      "equal_mass_error": equalMassError.json(n: n), "mean_probability": .figure(meanProbability, n: n),
      "base_rate": .figure(baseRate, n: n), "signed_gap": signedGap.json(n: n),
    ])
  }

  static let confidence = "positive class"
}

extension TemperatureEvaluation {
  var json: JSONValue {
    .object([
      "temperatures": .array(temperatures.map { .figure($0, n: validationItems) }),
      "validation_items": .integer(validationItems), "overall": overall.json(n: validationItems),
      "groups": .array(groups.map { $0.json(n: validationItems) }),
    ])
  }
}

extension TemperatureEvaluation.Rescaled {
  fileprivate func json(n: Int) -> JSONValue {
    .object([
      "group": group.json, "expected_calibration_error": .figure(expectedCalibrationError, n: n),
      "negative_log_likelihood": negativeLogLikelihood.json { .figure($0, n: n) },
      "signed_gap": .figure(signedGap, n: n),
    ])
  }
}

extension BrierScore {
  fileprivate func json(interval: Measured<Interval>, n: Int) -> JSONValue {
    .object([
      "score": .figure(score, n: n), "interval": interval.json { $0.json(n: n) },
      "reliability": .figure(reliability, n: n),
      "resolution": .figure(resolution, n: n), "uncertainty": .figure(uncertainty, n: n),
      "within_bin_variance": .figure(withinBinVariance, n: n),
      "within_bin_covariance": .figure(withinBinCovariance, n: n),
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

import MembershipInference
import Metrics

extension PrivacyEvaluation {
  var json: JSONValue {
    .object([
      "arm": .string(arm), "design": .string(design.factName), "models": .integer(models), "items": .integer(items),
      "queries": .integer(queries), "confidence": .figure(confidence, n: items), "resamples": .integer(resamples),
      "cautions": .array(cautions.map { .string($0.rawValue) }),
      "attacks": .array(attacks.map { $0.json(items: items) }),
    ])
  }
}

extension AttackEvaluation {
  fileprivate func json(items: Int) -> JSONValue {
    .object([
      "attack": .string(attack.text), "overall": overall.json, "groups": .array(groups.map(\.json)),
      "disparities": .array(disparities.map(\.json)), "shuffled_control": control.json { $0.json(n: items) },
    ])
  }
}

extension AttackMeasures {
  fileprivate var json: JSONValue {
    .object([
      "group": group.json, "n": .integer(n), "clusters": .integer(clusters),
      "fewest_non_members": .integer(fewestNonMembers),
      "area_under_curve": areaUnderCurve.json { $0.json(n: n) },
      "operating_points": .array(operatingPoints.map { $0.json(n: n) }),
      "curve": .array(
        curve.map { .array([.figure($0.falsePositiveRate, n: n), .figure($0.truePositiveRate, n: n)]) }),
    ])
  }
}

extension OperatingPoint {
  fileprivate func json(n: Int) -> JSONValue {
    .object([
      "false_positive_rate_limit": .figure(falsePositiveRateLimit, n: n), "threshold": .string(threshold.rawValue),
      "true_positive_rate": truePositiveRate.json { $0.json(n: n) },
    ])
  }
}

extension AttackRate {
  fileprivate func json(n: Int) -> JSONValue {
    .object([
      "value": .figure(value, n: n), "interval": interval.json(n: n),
      "attained_false_positive_rate": .figure(attainedFalsePositiveRate, n: n),
      "true_positives": .integer(truePositives), "members": .integer(members),
      "false_positives": .integer(falsePositives), "non_members": .integer(nonMembers),
    ])
  }
}

extension FleetDesign {
  /// The name in files.
  var factName: String {
    switch self {
    case .symmetric: "symmetric"
    case .independent: "independent"
    case .released: "released"
    }
  }
}

extension VulnerabilityDisparity {
  fileprivate var json: JSONValue {
    .object(["column": .string(column), "measure": .string(measure.name), "spread": spread.json(\.json)])
  }
}

extension VulnerabilitySpread {
  fileprivate var json: JSONValue {
    .object([
      "value": .figure(value, n: test.permutations), "highest": .string(highest), "lowest": .string(lowest),
      "left_out": .array(leftOut.map(JSONValue.string)),
      "expected_under_no_difference": .figure(test.expectedUnderNoDifference, n: test.permutations),
      "p_value": .figure(test.pValue, n: test.permutations), "permutations": .integer(test.permutations),
    ])
  }
}

extension PrivacyRule? {
  func json(familySize: Int) -> JSONValue {
    guard let rule = self else { return .null }
    return .object([
      "attack": .string(rule.attack.text), "measure": .string(rule.measure.name),
      "margin": .figure(rule.margin, n: familySize), "minimum_group_size": .integer(rule.minimumGroupSize),
      "confidence": .figure(rule.confidence, n: familySize), "family_size": .integer(familySize),
    ])
  }
}

extension PrivacyComparison {
  var json: JSONValue {
    .object([
      "arm": .string(arm), "reference": .string(reference), "attack": .string(attack.text),
      "measure": .string(measure.name), "group": group.json, "n": .integer(n), "clusters": .integer(clusters),
      "exploratory": .boolean(!isInFamily), "difference": difference.json { $0.json(n: n) },
    ])
  }
}

extension VulnerabilityDifference {
  fileprivate func json(n: Int) -> JSONValue {
    .object([
      "value": .figure(value, n: n), "interval": interval.json(n: n), "standard_error": .figure(standardError, n: n),
      "p_value": .figure(pValue, n: n), "adjusted_p_value": adjustedPValue.json { .figure($0, n: n) },
      "verdict": verdict.json,
    ])
  }
}

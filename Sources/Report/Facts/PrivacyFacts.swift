import Fairness
import Privacy

extension PrivacyEvaluation {
  var json: JSONValue {
    .object([
      "arm": .string(arm), "models": .integer(models), "items": .integer(items), "resamples": .integer(resamples),
      "attacks": .array(attacks.map { $0.json(items: items) }),
    ])
  }
}

extension AttackEvaluation {
  fileprivate func json(items: Int) -> JSONValue {
    .object([
      "attack": .string(attack.factName), "overall": overall.json, "groups": .array(groups.map(\.json)),
      "shuffled_control": control.json { $0.json(n: items) },
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

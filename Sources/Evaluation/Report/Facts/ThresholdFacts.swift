import Metrics

extension ThresholdRule {
  /// The name in files.
  var factName: String {
    switch self {
    case .common: "common"
    case .ownAccuracy: "own_accuracy"
    case .equalOpportunity: "equal_opportunity"
    }
  }
}

extension ThresholdEvaluation {
  var json: JSONValue {
    .object([
      "validation_items": .integer(validationItems), "sweeps": .array(sweeps.map(\.json)),
      "choices": .array(choices.map(\.json)),
    ])
  }
}

extension ThresholdSweep {
  fileprivate var json: JSONValue {
    .object(["group": group.json, "points": .array(points.map { $0.json(n: n) })])
  }
}

extension ThresholdSweep.Point {
  fileprivate func json(n: Int) -> JSONValue {
    .object([
      "threshold": .figure(threshold, n: n), "accuracy": .figure(accuracy, n: n),
      "selection_rate": .figure(selectionRate, n: n),
      "true_positive_rate": truePositiveRate.map { .figure($0, n: n) } ?? .undefined(reason: "no positives", n: n),
      "false_positive_rate": falsePositiveRate.map { .figure($0, n: n) } ?? .undefined(reason: "no negatives", n: n),
    ])
  }
}

extension ChosenThreshold {
  fileprivate var json: JSONValue {
    .object([
      "rule": .string(rule.factName), "group": group.json,
      "chosen": chosen.json {
        .object(["thresholds": .array($0.thresholds.map { .figure($0, n: 1) }), "rates": $0.rates.json])
      },
    ])
  }
}

package import Metrics
package import Statistics

extension ArmEvaluation {
  func json(classNames: [String]) -> JSONValue {
    .object([
      "arm": .string(arm),
      "seeds": .array(seeds.map { .object(["seed": .optional($0.seed), "rates": $0.rates.json]) }),
      "over_seeds": overSeeds.json,
      "classes": classes.json { .array($0.map { $0.json(classNames: classNames) }) },
      "seed_spread": .object([
        "overall": overallSeedSpread.json, "groups": .array(groupSeedSpreads.map(\.json)),
      ]),
      "calibration": .object([
        "overall": overallCalibration.json, "groups": .array(groupCalibrations.map(\.json)),
      ]),
      "temperature": temperature.json(\.json), "thresholds": thresholds.json(\.json),
    ])
  }
}

extension ClassRates {
  fileprivate func json(classNames: [String]) -> JSONValue {
    .object([
      "class": .string(classNames.indices.contains(label) ? classNames[label] : "\(label)"),
      "overall": overall.json, "groups": .array(groups.map(\.json)),
    ])
  }
}

extension RateEvaluation {
  fileprivate var json: JSONValue {
    .object([
      "overall": overall.json, "groups": .array(groups.map(\.json)), "columns": .array(columns.map(\.json)),
    ])
  }
}

extension GroupRates {
  var json: JSONValue {
    .object([
      "group": group.json, "n": .integer(n), "clusters": .integer(clusters),
      "positives": positives.json(JSONValue.integer), "negatives": negatives.json(JSONValue.integer),
      "accuracy": accuracy.json,
      "true_positive_rate": truePositiveRate.json(\.json),
      "false_positive_rate": falsePositiveRate.json(\.json),
      "selection_rate": selectionRate.json(\.json),
      "precision": precision.json(\.json),
      "f1": f1.json { $0.json(n: n) },
    ])
  }
}

extension GroupSeedSpread {
  fileprivate var json: JSONValue {
    .object([
      "group": group.json, "accuracy": accuracy.json,
      "true_positive_rate": truePositiveRate.json(\.json),
      "false_positive_rate": falsePositiveRate.json(\.json),
      "selection_rate": selectionRate.json(\.json),
      "precision": precision.json(\.json),
      "f1": f1.json(\.json),
    ])
  }
}

extension GroupName {
  /// The column and the value.
  package var json: JSONValue { .object(["column": .string(column), "value": .string(value)]) }
}

extension Optional where Wrapped == GroupName {
  /// The column and value of a group; `null` for all items.
  package var json: JSONValue { map(\.json) ?? .null }
}

extension Interval {
  /// - Parameter n: What the interval was computed from, named should a bound not be finite.
  func json(n: Int) -> JSONValue {
    .object(["lower": .figure(lower, n: n), "upper": .figure(upper, n: n)])
  }
}

extension Estimate {
  package func json(n: Int) -> JSONValue {
    .object(["value": .figure(value, n: n), "interval": interval.json { $0.json(n: n) }])
  }
}

extension Proportion {
  package var json: JSONValue {
    .object([
      "successes": .figure(successes, n: n), "n": .integer(n), "effective_n": .figure(effectiveN, n: n),
      "value": .figure(value, n: n), "interval": interval.json(n: n),
    ])
  }
}

extension SeedSpread {
  var json: JSONValue {
    let seeds = values.count
    return .object([
      "values": .array(values.map { .figure($0, n: seeds) }), "mean": .figure(mean, n: seeds),
      "standard_deviation": seeds > 1
        ? .figure(standardDeviation, n: seeds)
        : .undefined(reason: "one seed shows no variation over seeds", n: seeds),
      "interval": interval.json { $0.json(n: seeds) },
    ])
  }
}

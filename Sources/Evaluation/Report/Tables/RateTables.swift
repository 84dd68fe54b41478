import Metrics
import Statistics

extension AuditReport {
  /// One row for every arm, every seed (none for an adapter from elsewhere) and `all` seeds together, all items and every group.
  func groupsTable() -> CommaSeparatedTable {
    let parts = ["", "lower", "upper", "effective_n"]
    var table = CommaSeparatedTable(
      header: ["arm", "seed", "column", "group", "n", "clusters", "positives", "negatives", "positives_undefined"]
        + ["accuracy", "accuracy_lower", "accuracy_upper", "accuracy_effective_n"]
        + ["true_positive_rate", "false_positive_rate", "selection_rate", "precision"].flatMap {
          Field.header($0, parts)
        } + Field.header("f1", ["", "lower", "upper"]))
    for arm in fairness.arms {
      for (seed, rates) in arm.seeds.map({ ($0.seed.map { String($0) } ?? "", $0.rates) }) + [("all", arm.overSeeds)] {
        for group in [rates.overall] + rates.groups {
          table.append([arm.arm, seed] + Field.group(group.group) + group.fields)
        }
      }
    }
    return table
  }

  /// One row for every arm, class, all items and every group; none where one class is declared positive.
  func classesTable() -> CommaSeparatedTable {
    let parts = ["", "lower", "upper", "effective_n"]
    var table = CommaSeparatedTable(
      header: ["arm", "class", "column", "group", "n", "positives"]
        + ["true_positive_rate", "false_positive_rate", "selection_rate", "precision"].flatMap {
          Field.header($0, parts)
        } + Field.header("f1", ["", "lower", "upper"]))
    for arm in fairness.arms {
      for rates in arm.classes.value ?? [] {
        for group in [rates.overall] + rates.groups {
          table.append(
            [arm.arm, name] + Field.group(group.group)
              + [String(group.n), group.positives.value.map { String($0) } ?? ""] + group.ratesOfPositives)
        }
      }
    }
    return table
  }

  /// One row for every arm, seed (or `all`), column of groups and kind of gap.
  func gapsTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "seed", "column", "gap", "value", "rate", "highest", "lowest", "left_out"]
        + ["left_out_reasons", "expected_under_no_difference", "p_value", "gap_undefined"])
    for arm in fairness.arms {
      for (seed, rates) in arm.seeds.map({ ($0.seed.map { String($0) } ?? "", $0.rates) }) + [("all", arm.overSeeds)] {
        for column in rates.columns {
          for (name, fields) in column.rows { table.append([arm.arm, seed, column.column, name] + fields) }
        }
      }
    }
    return table
  }
}

extension GroupRates {
  fileprivate var fields: [String] {
    [String(n), String(clusters), positives.value.map { String($0) } ?? "", negatives.value.map { String($0) } ?? ""]
      + [positives.reason ?? negatives.reason ?? ""] + shares
  }

  /// Accuracy, then the rates of positives.
  var shares: [String] { accuracy.fields + ratesOfPositives }

  fileprivate var ratesOfPositives: [String] {
    [truePositiveRate, falsePositiveRate, selectionRate, precision].flatMap { Field.undefinable($0, 4, \.fields) }
      + Field.estimate(f1)
  }
}

extension Proportion {
  fileprivate var fields: [String] {
    [Field.number(value)] + Field.interval(interval) + [Field.number(effectiveN)]
  }
}

extension Measured {
  /// Why there is no figure.
  var reason: String? {
    switch self {
    case .value: nil
    case .undefined(let reason, _): reason
    }
  }
}

extension ColumnGaps {
  fileprivate var rows: [(name: String, fields: [String])] {
    func fields(_ gap: Measured<Gap>) -> [String] {
      Field.undefinable(gap, 8) {
        [Field.number($0.value), $0.rate.rawValue, $0.highest, $0.lowest]
          + [$0.leftOut.map(\.value).joined(separator: ";"), $0.leftOut.map(\.reason).joined(separator: ";")]
          + [Field.number($0.test.expectedUnderNoDifference), Field.number($0.test.pValue)]
      }
    }
    let spread = Field.undefinable(accuracySpread, 8) {
      [Field.number($0.value), "accuracy", $0.highest, $0.lowest, "", ""]
        + [Field.number($0.test.expectedUnderNoDifference), Field.number($0.test.pValue)]
    }
    return [
      ("demographic_parity_difference", fields(demographicParityDifference)),
      ("equal_opportunity_difference", fields(equalOpportunityDifference)),
      ("equalized_odds_difference", fields(equalizedOddsDifference)),
      ("accuracy_spread", spread),
    ]
  }
}

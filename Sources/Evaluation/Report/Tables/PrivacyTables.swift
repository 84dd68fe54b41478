import MembershipInference
import Metrics
import Statistics

extension PrivacyFigures {
  /// One row for every arm, attack, all items and every group, limit of the false positive rate and threshold.
  func privacyTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "attack", "column", "group", "n", "clusters"]
        + Field.header("area_under_curve", ["", "lower", "upper"])
        + Field.header("shuffled_control", ["", "lower", "upper"])
        + ["false_positive_rate_limit", "threshold", "true_positive_rate", "true_positive_rate_lower"]
        + ["true_positive_rate_upper", "attained_false_positive_rate", "true_positives", "members"]
        + ["false_positives", "non_members", "true_positive_rate_undefined"])
    for (arm, attack, measures) in attackMeasures {
      let control = measures.group == nil ? Field.estimate(attack.control) : ["", "", "", "only for all items"]
      let start =
        [arm, attack.attack.text] + Field.group(measures.group) + [String(measures.n), String(measures.clusters)]
        + Field.estimate(measures.areaUnderCurve) + control
      for point in measures.operatingPoints {
        table.append(start + [Field.number(point.falsePositiveRateLimit), point.threshold.rawValue] + point.fields)
      }
    }
    return table
  }

  /// One row for every arm, attack, all items and every group, and point of the curve.
  func attackCurvesTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "attack", "column", "group", "false_positive_rate", "true_positive_rate"])
    for (arm, attack, measures) in attackMeasures {
      for point in measures.curve {
        table.append(
          [arm, attack.attack.text] + Field.group(measures.group)
            + [Field.number(point.falsePositiveRate), Field.number(point.truePositiveRate)])
      }
    }
    return table
  }

  /// One row for every arm, attack, column of groups and figure.
  func disparitiesTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "attack", "column", "measure"]
        + Field.header("spread", ["", "highest", "lowest", "expected", "p_value", "permutations"]))
    for arm in evaluations {
      for attack in arm.attacks {
        for disparity in attack.disparities {
          table.append(
            [arm.arm, attack.attack.text, disparity.column, disparity.measure.name]
              + Field.undefinable(disparity.spread, 6) {
                [
                  Field.number($0.value), $0.highest, $0.lowest, Field.number($0.test.expectedUnderNoDifference),
                  Field.number($0.test.pValue), String($0.test.permutations),
                ]
              })
        }
      }
    }
    return table
  }

  /// One row for every comparison of two arms' vulnerability.
  func comparisonsTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "reference", "attack", "measure", "column", "group", "n", "clusters", "exploratory"]
        + Field.header(
          "difference", ["", "lower", "upper", "standard_error", "p_value", "adjusted_p_value", "verdict"]))
    for found in comparisons {
      table.append(
        [found.arm, found.reference, found.attack.text, found.measure.name] + Field.group(found.group)
          + [String(found.n), String(found.clusters), String(!found.isInFamily)]
          + Field.undefinable(found.difference, 7) {
            [Field.number($0.value)] + Field.interval($0.interval) + [Field.number($0.standardError)]
              + [Field.number($0.pValue), $0.adjustedPValue.value.map(Field.number) ?? "", $0.verdict.name]
          })
    }
    return table
  }

  /// The most exposed items of every arm and attack: a file that names items, and so is no part of a report.
  func exposedItemsTable() -> CommaSeparatedTable {
    let limits = AttackMeasures.limits
    var table = CommaSeparatedTable(
      header: ["arm", "attack", "rank", "position", "item", "groups", "percentile", "targets_trained_on_it"]
        + ["targets_not_trained_on_it"]
        + limits.flatMap { ["found_at_\($0)", "suspected_in_vain_at_\($0)"] })
    for arm in evaluations {
      for attack in arm.attacks {
        for (rank, item) in attack.exposedItems.enumerated() {
          let found = limits.flatMap { limit -> [String] in
            let finding = item.findings.first { $0.falsePositiveRateLimit == limit }
            return [finding.map { String($0.asMember) } ?? "", finding.map { String($0.asNonMember) } ?? ""]
          }
          table.append(
            [arm.arm, attack.attack.text, String(rank + 1), String(item.item), item.name ?? ""]
              + [item.groups.map(\.description).joined(separator: ";"), Field.number(item.percentile)]
              + [String(item.asMember), String(item.asNonMember)] + found)
        }
      }
    }
    return table
  }

  private var attackMeasures: [(arm: String, attack: AttackEvaluation, measures: AttackMeasures)] {
    evaluations.flatMap { arm in
      arm.attacks.flatMap { attack in ([attack.overall] + attack.groups).map { (arm.arm, attack, $0) } }
    }
  }
}

extension OperatingPoint {
  fileprivate var fields: [String] {
    Field.undefinable(truePositiveRate, 8) { rate in
      [Field.number(rate.value)] + Field.interval(rate.interval) + [Field.number(rate.attainedFalsePositiveRate)]
        + [rate.truePositives, rate.members, rate.falsePositives, rate.nonMembers].map { String($0) }
    }
  }
}

import Fairness
import Privacy

extension AuditReport {
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
        [arm, attack.attack.factName] + Field.group(measures.group) + [String(measures.n), String(measures.clusters)]
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
          [arm, attack.attack.factName] + Field.group(measures.group)
            + [Field.number(point.falsePositiveRate), Field.number(point.truePositiveRate)])
      }
    }
    return table
  }

  private var attackMeasures: [(arm: String, attack: AttackEvaluation, measures: AttackMeasures)] {
    privacy.flatMap { arm in
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

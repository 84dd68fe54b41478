import Metrics
import Statistics

extension AuditReport {
  /// One row for every arm, rule and group: the threshold chosen on validation items, and what it comes to.
  func thresholdsTable() -> CommaSeparatedTable {
    let parts = ["", "lower", "upper", "effective_n"]
    var table = CommaSeparatedTable(
      header: ["arm", "rule", "column", "group", "threshold_undefined", "mean_threshold", "n", "accuracy"]
        + ["accuracy_lower", "accuracy_upper", "accuracy_effective_n"]
        + ["true_positive_rate", "false_positive_rate", "selection_rate", "precision"].flatMap {
          Field.header($0, parts)
        } + Field.header("f1", ["", "lower", "upper"]))
    let width = table.header.count - 5
    for arm in fairness.arms {
      for choice in arm.thresholds.value?.choices ?? [] {
        let start = [arm.arm, choice.rule.rawValue] + Field.group(choice.group)
        switch choice.chosen {
        case .value(let chosen):
          table.append(start + ["", Field.number(chosen.meanThreshold), String(chosen.rates.n)] + chosen.rates.shares)
        case .undefined(let reason, _): table.append(start + [reason] + Array(repeating: "", count: width))
        }
      }
    }
    return table
  }

  /// One row for every arm, group and threshold.
  func thresholdSweepTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "column", "group", "threshold", "accuracy", "selection_rate", "true_positive_rate"]
        + ["false_positive_rate"])
    for arm in fairness.arms {
      for sweep in arm.thresholds.value?.sweeps ?? [] {
        for point in sweep.points {
          table.append(
            [arm.arm] + Field.group(sweep.group)
              + [point.threshold, point.accuracy, point.selectionRate].map(Field.number)
              + [point.truePositiveRate, point.falsePositiveRate].map { $0.value.map(Field.number) ?? "" })
        }
      }
    }
    return table
  }
}

extension ChosenThreshold.Chosen {
  /// Over runs.
  var meanThreshold: Double { thresholds.reduce(0, +) / Double(max(1, thresholds.count)) }
}

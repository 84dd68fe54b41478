import Metrics
import Statistics

extension AuditReport {
  /// One row for every comparison, over all items and in every group; those that were declared first.
  func comparisonsTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "reference", "column", "group", "n", "clusters", "discordant_clusters", "estimate", "lower"]
        + ["upper", "interval_method", "seed_standard_deviation", "p_value", "test", "adjusted_p_value"]
        + ["adjusted_p_value_undefined", "verdict", "because", "more_items"])
    for comparison in fairness.comparisons + fairness.exploratoryComparisons {
      table.append([comparison.arm, comparison.reference] + Field.group(comparison.group) + comparison.fields)
    }
    return table
  }
}

extension PairedComparison {
  fileprivate var fields: [String] {
    [String(n), String(clusters), String(discordantClusters), Field.number(estimate)] + Field.interval(interval)
      + [intervalMethod.rawValue, Field.number(seedSpread.standardDeviation), Field.number(pValue), test.rawValue]
      + Field.undefinable(adjustedPValue, 1) { [Field.number($0)] } + verdict.fields
  }
}

extension Verdict {
  fileprivate var fields: [String] {
    switch self {
    case .withinMargin, .differenceConfirmed: [name, "", ""]
    case .notEnoughData(let because, let moreItems):
      [name, because.name, moreItems.map { String($0) } ?? ""]
    }
  }
}

import Fairness

extension AuditReport {
  /// One line of plain text for every arm and group, aligned, for a terminal: the verdict where one was declared,
  /// accuracy otherwise.
  package func verdictLines() -> [String] {
    let rows = fairness.arms.flatMap(verdictRows)
    let widths = (0..<2).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { $0.padded(to: $1) }.joined(separator: "  ") + "  " + row[2]
    }
  }

  private func verdictRows(_ arm: ArmEvaluation) -> [[String]] {
    ([arm.overSeeds.overall] + arm.overSeeds.groups).map { rates in
      let comparisons = fairness.comparisons.filter { $0.arm == arm.arm && $0.group == rates.group }
      let group = rates.group?.description ?? "all items"
      return [arm.arm, group, sayings(rates, arm: arm.arm, comparisons: comparisons)].map(\.withoutControlCharacters)
    }
  }

  private func sayings(_ rates: GroupRates, arm: String, comparisons: [PairedComparison]) -> String {
    let interval = Figures.percent(rates.accuracy.interval)
    let accuracy = "accuracy \(Figures.percent(rates.accuracy.value)) % \(interval)"
    guard !comparisons.isEmpty else {
      return fairness.comparisons.contains { $0.reference == arm } ? accuracy + ", the reference" : accuracy
    }
    let verdicts = comparisons.map {
      "\($0.estimateText) vs \($0.reference): \($0.verdictText(rule: fairness.rule))"
    }
    let isJudged = description(of: arm)?.kind != .base
    return (isJudged ? verdicts : [accuracy] + verdicts).joined(separator: "; ")
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}

import Fairness
import Gate

extension AuditReport {
  /// What a terminal shows of the whole: what was decided, of a policy first, then a line for every arm and group.
  package func summaryLines() -> [String] {
    let judged = gate.map { $0.lines(in: .english) } ?? []
    return judged + [decisionSentence.withoutControlCharacters] + verdictLines()
  }

  /// One line of plain text for every arm and group, aligned, for a terminal: the verdict where one was declared,
  /// accuracy otherwise.
  package func verdictLines() -> [String] {
    let rows = fairness.arms.flatMap(verdictRows)
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let line = zip(row, widths).map { $0.padded(to: $1) } + row.dropFirst(3)
      return String(line.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
  }

  /// Arm, group, figure and words of each line.
  private func verdictRows(_ arm: ArmEvaluation) -> [[String]] {
    ([arm.overSeeds.overall] + arm.overSeeds.groups).map { rates in
      let comparisons = fairness.comparisons.filter { $0.arm == arm.arm && $0.group == rates.group }
      return ([arm.arm, rates.groupText] + sayings(rates, arm: arm.arm, comparisons: comparisons))
        .map(\.withoutControlCharacters)
    }
  }

  /// A figure with its interval, and what it means.
  private func sayings(_ rates: GroupRates, arm: String, comparisons: [PairedComparison]) -> [String] {
    let verdicts = comparisons.map { "vs \($0.reference): \($0.verdictText(rule: fairness.rule))" }
    if let first = comparisons.first, description(of: arm)?.kind != .base {
      let others = zip(comparisons, verdicts).dropFirst().map { "\($0.estimateText) \($1)" }
      return [first.estimateText, ([verdicts[0]] + others).joined(separator: "; ")]
    }
    let interval = Figures.percent(rates.accuracy.interval)
    let accuracy = "accuracy \(Figures.percent(rates.accuracy.value)) % \(interval)"
    if !comparisons.isEmpty {
      return [accuracy, zip(comparisons, verdicts).map { "\($0.estimateText) \($1)" }.joined(separator: "; ")]
    }
    return [accuracy, fairness.comparisons.contains { $0.reference == arm } ? "the reference" : ""]
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}

import Fairness
import Gate

extension AuditReport {
  /// What a terminal shows of the whole: what was decided, of a policy first, then a line for every arm and group.
  package func summaryLines() -> [String] {
    let judged = gate.map { $0.lines(in: .english) } ?? []
    return judged + [decisionSentence.withoutControlCharacters] + verdictLines()
  }

  /// One line of plain text for every arm and group, aligned, for a terminal: the verdict where one was declared,
  /// the figure that the decision is about
  /// otherwise.
  package func verdictLines() -> [String] {
    let rows = headlines.flatMap(verdictRows)
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let line = zip(row, widths).map { $0.padded(to: $1) } + row.dropFirst(3)
      return String(line.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
  }

  /// Arm, group, figure and words of each line.
  private func verdictRows(_ arm: ArmHeadlines) -> [[String]] {
    ([arm.overall] + arm.groups).map { figure in
      let comparisons = fairness.comparisons.filter { $0.arm == arm.arm && $0.group == figure.group }
      return ([arm.arm, figure.groupText] + sayings(figure, arm: arm.arm, comparisons: comparisons))
        .map(\.withoutControlCharacters)
    }
  }

  /// A figure with its interval, and what it means.
  private func sayings(_ figure: Headline, arm: String, comparisons: [PairedComparison]) -> [String] {
    let verdicts = comparisons.map { "vs \($0.reference): \($0.verdictText(rule: fairness.rule))" }
    if let first = comparisons.first, description(of: arm)?.kind != .base {
      let others = zip(comparisons, verdicts).dropFirst().map { "\($0.estimateText) \($1)" }
      return [first.estimateText, ([verdicts[0]] + others).joined(separator: "; ")]
    }
    let text = "\(headlineName) \(Figures.percent(figure.value)) % \(Figures.percent(figure.interval))"
    if !comparisons.isEmpty {
      return [text, zip(comparisons, verdicts).map { "\($0.estimateText) \($1)" }.joined(separator: "; ")]
    }
    return [text, fairness.comparisons.contains { $0.reference == arm } ? "the reference" : ""]
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}

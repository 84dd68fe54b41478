import Metrics
import Statistics

/// Predictions that tie: how many there are and how they are decided.
extension AuditReport {
  /// A line for each arm with ties, over all its runs; none without any.
  var tieLines: [String] {
    fairness.arms.compactMap { arm in
      let whole = arm.ties.filter { $0.group == nil }
      let ties = whole.reduce(0) { $0 + $1.ties }
      guard ties > 0, let n = arm.seeds.first?.rates.overall.n else { return nil }
      let seeds = arm.seeds.count
      return "\(arm.arm): \(Figures.count(ties)) of \(Figures.count(n * seeds)) predictions are ties, \(tieRule)"
        .withoutControlCharacters
    }
  }

  /// How ties are decided, as the end of a sentence.
  private var tieRule: String {
    if classNames.count == 2, let positiveClass { return "counted as \(positiveClass) (probability .5 or more)" }
    return "counted as the class whose name sorts first"
  }

  /// The lines as a paragraph; nothing without ties.
  var tiesParagraph: HTML {
    let lines = tieLines
    return lines.isEmpty ? .empty : "<p>\(lines.joined(separator: "; ")).</p>"
  }

  /// One row for every arm, seed and group with ties.
  func tiesTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(header: ["arm", "seed", "column", "group", "n", "ties"])
    for arm in fairness.arms {
      for count in arm.ties {
        table.append(
          [arm.arm, count.seed.map { String($0) } ?? ""] + Field.group(count.group)
            + [String(count.n), String(count.ties)])
      }
    }
    return table
  }
}

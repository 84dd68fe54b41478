import Foundation
import Metrics
import Statistics

/// The topic of a row, in the order of the table. The raw values name random streams, so they never
/// change; readers see `title`.
package enum StudySection: String, CaseIterable, Equatable, Sendable {
  case accuracy = "Intervals of accuracy"
  case rates = "Intervals of other rates"
  case seeds = "Intervals over seeds"
  case exact = "Exact intervals"
  case difference = "Intervals of paired differences, LoRA − full"
  case family = "False alarms: nothing differs in 8 groups"
  case power = "Power: a harm of 3 points in one of 8 groups"
  case margin = "False reassurance: the harm equals the margin of 3 points"
  case calibration = "Intervals of calibration"
  case spread = "False alarms of the accuracy spread"

  package var title: String {
    switch self {
    case .accuracy: "Coverage of accuracy"
    case .rates: "Coverage of other rates"
    case .seeds: "Coverage over seeds"
    case .exact: "Coverage of exact intervals"
    case .difference: "Coverage of paired differences, LoRA − full"
    case .family: "Type I error of a family: nothing differs in 8 groups"
    case .power: "Power: a harm of 3 points in one of 8 groups"
    case .margin: "False reassurance: the harm equals the margin of 3 points"
    case .calibration: "Coverage of calibration"
    case .spread: "Type I error of the accuracy spread"
    }
  }
}

/// The bound that a measured share is promised to keep.
package enum PromisedBound: Equatable, Sendable {
  case atLeast(Double)
  case atMost(Double)
  /// The row is informative; nothing is promised.
  case none

  /// Whether a share keeps the bound; nil if there is none.
  package func isKept(by share: Double) -> Bool? {
    switch self {
    case .atLeast(let least): share >= least
    case .atMost(let most): share <= most
    case .none: nil
    }
  }
}

/// One simulated setting whose truth is known, and how often audits were right about it.
package struct StudyRow: Equatable, Sendable {
  package var section: StudySection
  /// The data: items, clusters, seeds and effects.
  package var data: String
  /// The counted quantity.
  package var measured: String
  /// The number of simulated audits; 0 if the share is computed exactly.
  package var audits: Int
  /// The share of audits.
  package var share: Double
  package var bound: PromisedBound
  /// The mean width of the interval, where the row is about one.
  package var meanWidth: Double?
  /// The width of an oracle's interval, which knows the true standard error: 2 · 1.96 times the root mean square of the
  /// distance between estimate and truth over the same audits.
  package var oracleWidth: Double?

  package init(
    section: StudySection, data: String, measured: String, audits: Int, share: Double, bound: PromisedBound,
    meanWidth: Double? = nil, oracleWidth: Double? = nil
  ) {
    self.section = section
    self.data = data
    self.measured = measured
    self.audits = audits
    self.share = share
    self.bound = bound
    self.meanWidth = meanWidth
    self.oracleWidth = oracleWidth
  }

  /// The Monte Carlo standard error of the share, √(p(1 − p)/audits); 0 for an exact one.
  package var standardError: Double {
    audits > 0 ? (share * (1 - share) / Double(audits)).squareRoot() : 0
  }

  /// Whether the share itself keeps the bound, whatever its error; nil if there is none.
  package var isKept: Bool? { bound.isKept(by: share) }
}

extension StudyRow {
  /// How often intervals covered the truth.
  static func coverage(
    _ section: StudySection, _ data: String, of measured: String, _ findings: [IntervalFinding],
    bound: PromisedBound = .atLeast(0.93)
  ) -> StudyRow {
    let count = Double(max(1, findings.count))
    let squares = findings.reduce(0.0) { $0 + ($1.estimate - $1.truth) * ($1.estimate - $1.truth) }
    return StudyRow(
      section: section, data: data, measured: measured, audits: findings.count,
      share: Double(findings.count { $0.interval.contains($0.truth) }) / count, bound: bound,
      meanWidth: findings.reduce(0.0) { $0 + $1.interval.width } / count,
      oracleWidth: 2 * NormalDistribution.twoSided95 * (squares / count).squareRoot())
  }

  /// How often audits reached a finding.
  static func frequency(
    _ section: StudySection, _ data: String, of measured: String, _ findings: [Bool], bound: PromisedBound
  ) -> StudyRow {
    StudyRow(
      section: section, data: data, measured: measured, audits: findings.count,
      share: Double(findings.count { $0 }) / Double(max(1, findings.count)), bound: bound)
  }
}

/// One audit's estimate of a figure whose true value is known.
struct IntervalFinding: Sendable {
  var estimate: Double
  var interval: Interval
  var truth: Double
}

/// The results of a study.
package struct StudyTable: Equatable, Sendable {
  /// The audits of a scenario that runs all of them.
  package var audits: Int
  package var seed: Int
  package var rows: [StudyRow]

  package init(audits: Int, seed: Int, rows: [StudyRow]) {
    self.audits = audits
    self.seed = seed
    self.rows = rows
  }

  /// The rows that do not keep their bound.
  package var broken: [StudyRow] { rows.filter { $0.isKept == false } }
}

extension StudyTable {
  /// The rows as tables, one per section, shares and widths in points with a Monte Carlo standard error.
  package var markdown: String {
    StudySection.allCases.compactMap { section in
      let own = rows.filter { $0.section == section }
      return own.isEmpty ? nil : Self.table(own, title: section.title)
    }.joined(separator: "\n\n")
  }

  private static func table(_ rows: [StudyRow], title: String) -> String {
    let hasWidths = rows.contains { $0.meanWidth != nil }
    var header = ["Data", "Measured", "Share of audits, %", "Bound", "Kept"]
    if hasWidths { header += ["Mean width, points", "Oracle's"] }
    let lines = rows.map { row in
      var cells = [
        row.data, row.measured, share(row), row.bound.words, row.isKept.map { $0 ? "yes" : "**no**" } ?? "",
      ]
      if hasWidths { cells += [points(row.meanWidth), points(row.oracleWidth)] }
      return cells
    }
    let rule = header.map { _ in "---" }
    return "### \(title)\n\n"
      + ([header, rule] + lines).map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  private static func share(_ row: StudyRow) -> String {
    let value = String(format: "%.1f", 100 * row.share)
    guard row.audits > 0 else { return value + " (exact)" }
    return value + String(format: " ± %.1f", 100 * row.standardError) + " of \(row.audits)"
  }

  private static func points(_ width: Double?) -> String { width.map { String(format: "%.2f", 100 * $0) } ?? "" }
}

extension StudyTable {
  /// One line per section and bound: the share farthest from its promise, how many rows keep it, and how wide their
  /// intervals are compared with an oracle's. Rows without a bound do not count.
  package var summaryMarkdown: String {
    let header = ["Promise", "Bound, %", "Worst share, %", "Rows that keep it", "Width over the oracle's"]
    let lines = StudySection.allCases.flatMap { section in
      let own = rows.filter { $0.section == section && $0.isKept != nil }
      return own.map(\.bound).uniqued.map { bound in Self.line(section, bound, own.filter { $0.bound == bound }) }
    }
    return ([header, header.map { _ in "---" }] + lines)
      .map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  private static func line(_ section: StudySection, _ bound: PromisedBound, _ rows: [StudyRow]) -> [String] {
    let shares = rows.map(\.share)
    let worst: Double? =
      switch bound {
      case .atLeast: shares.min()
      case .atMost: shares.max()
      case .none: nil
      }
    let ratios = rows.compactMap { row -> Double? in
      guard let width = row.meanWidth, let oracle = row.oracleWidth, oracle > 0 else { return nil }
      return width / oracle
    }.sorted()
    var width = ""
    if let narrowest = ratios.first, let widest = ratios.last {
      width = String(
        format: "%.2f to %.2f, median %.2f", narrowest, widest, ratios[ratios.count / 2])
    }
    return [
      section.title, bound.words, worst.map { String(format: "%.1f", 100 * $0) } ?? "",
      "\(rows.count { $0.isKept == true }) of \(rows.count)", width,
    ]
  }
}

extension PromisedBound {
  /// In points: "≥ 93".
  var words: String {
    switch self {
    case .atLeast(let least): String(format: "≥ %g", 100 * least)
    case .atMost(let most): String(format: "≤ %g", 100 * most)
    case .none: "none"
    }
  }
}

extension [PromisedBound] {
  /// Each once, in the order in which they first appear.
  fileprivate var uniqued: [PromisedBound] {
    reduce(into: []) { bounds, bound in
      if !bounds.contains(bound) { bounds.append(bound) }
    }
  }
}

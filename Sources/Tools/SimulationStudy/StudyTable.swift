import Foundation
import Metrics
package import Statistics

/// The topic of a row, in the order of the table. The raw values name random streams, so they never
/// change; readers see `title`.
package enum StudySection: String, CaseIterable, Equatable, Sendable {
  case accuracy = "Intervals of accuracy"
  case clusters = "Intervals of accuracy over few or unequal clusters"
  case seededAccuracy = "Intervals of accuracy over seeds that differ"
  case rates = "Intervals of other rates"
  case seeds = "Intervals over seeds"
  case exact = "Exact intervals"
  case difference = "Intervals of paired differences, LoRA − full"
  case family = "False alarms: nothing differs in 8 groups"
  case power = "Power: a harm of 3 points in one of 8 groups"
  case margin = "False reassurance: the harm equals the margin of 3 points"
  case calibration = "Intervals of calibration"
  case spread = "False alarms of the accuracy spread"
  case series = "False alarms of a year of windows"
  case attacks = "Areas of attacks"

  package var title: String {
    switch self {
    case .accuracy: "Coverage of accuracy: one seed, unclustered items"
    case .clusters: "Coverage of accuracy: few or unequal clusters"
    case .seededAccuracy: "Coverage of accuracy: seeds that differ"
    case .rates: "Coverage of other rates"
    case .seeds: "Coverage over seeds on fixed items"
    case .exact: "Coverage of exact intervals"
    case .difference: "Coverage of paired differences, LoRA − full"
    case .family: "Type I error of a family: nothing differs in any group"
    case .power: "Power: a harm of 3 points in one group"
    case .margin: "False reassurance: the harm equals the margin of 3 points"
    case .calibration: "Coverage of calibration"
    case .spread: "Type I error of the accuracy spread"
    case .series: "Monitoring a year of windows"
    case .attacks: "Areas under the curve of attacks, over further models and items"
    }
  }
}

/// The bound that a measured share is promised to keep.
package enum PromisedBound: Equatable, Sendable {
  case atLeast(Double)
  case atMost(Double)
  /// The row is informative; nothing is promised.
  case none
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
  /// The median width of the interval, where the row is about one.
  package var medianWidth: Double?
  /// The width of the interval by the same formula from the true components of the variance; where these have no
  /// closed form, 2 · 1.96 times the root mean square of the distance between estimate and truth over the same audits.
  package var oracleWidth: Double?
  /// How many times the oracle's width the median width may be; `nil` where that is shown and not promised.
  package var widthBound: Double?

  package init(
    section: StudySection, data: String, measured: String, audits: Int, share: Double, bound: PromisedBound,
    medianWidth: Double? = nil, oracleWidth: Double? = nil, widthBound: Double? = nil
  ) {
    self.section = section
    self.data = data
    self.measured = measured
    self.audits = audits
    self.share = share
    self.bound = bound
    self.medianWidth = medianWidth
    self.oracleWidth = oracleWidth
    self.widthBound = widthBound
  }

  /// The Monte Carlo standard error of the share, √(p(1 − p)/audits); 0 for an exact one.
  package var standardError: Double {
    audits > 0 ? (share * (1 - share) / Double(audits)).squareRoot() : 0
  }

  /// The true shares that the audits do not exclude: Clopper and Pearson's interval of 99 %; an exact share itself.
  package var plausibleShares: Interval {
    guard audits > 0 else { return Interval(lower: share, upper: share) }
    return .clopperPearson(successes: Int((share * Double(audits)).rounded()), n: audits, tail: 0.005)
  }

  /// The median width over the oracle's.
  package var widthRatio: Double? {
    guard let medianWidth, let oracleWidth, oracleWidth > 0 else { return nil }
    return medianWidth / oracleWidth
  }

  /// Whether a promise is kept as far as the audits can tell: nil if there is none. A share breaks its bound where the
  /// plausible ones exclude it, and a width where it is too many times the oracle's.
  package var isKept: Bool? {
    let share =
      switch bound {
      case .atLeast(let least): plausibleShares.upper >= least
      case .atMost(let most): plausibleShares.lower <= most
      case .none: nil as Bool?
      }
    guard let widthBound, let widthRatio else { return share }
    return (share ?? true) && widthRatio <= widthBound
  }
}

extension StudyRow {
  /// The most that a median width may be over the oracle's where the data show enough: ten clusters or more, and ten of
  /// them with an error, or with a difference to each side.
  static let promisedWidthRatio = 1.35
  private static let enoughClusters = 10

  /// How often intervals covered the truth.
  ///
  /// - Parameters:
  ///   - oracleWidth: From the true components of the variance, where they are known.
  ///   - clusters: What is resampled or counted as independent, for the promise about the width.
  static func coverage(
    _ section: StudySection, _ data: String, of measured: String, _ findings: [IntervalFinding],
    bound: PromisedBound = .atLeast(0.93), oracleWidth: Double? = nil, clusters: Int = 0
  ) -> StudyRow {
    let count = Double(max(1, findings.count))
    let squares = findings.reduce(0.0) { $0 + ($1.estimate - $1.truth) * ($1.estimate - $1.truth) }
    let shown = findings.reduce(0.0) { $0 + Double($1.shown) } / count
    let isWidthPromised = oracleWidth != nil && clusters >= enoughClusters && shown >= Double(enoughClusters)
    return StudyRow(
      section: section, data: data, measured: measured, audits: findings.count,
      share: Double(findings.count { $0.interval.contains($0.truth) }) / count, bound: bound,
      medianWidth: findings.isEmpty ? nil : quantile(0.5, ofSorted: findings.map(\.interval.width).sorted()),
      oracleWidth: oracleWidth ?? 2 * NormalDistribution.twoSided95 * (squares / count).squareRoot(),
      widthBound: isWidthPromised ? promisedWidthRatio : nil)
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
  /// How many clusters hold an error, or a success where those are fewer; for a difference, how many differ to the side
  /// that has fewer.
  var shown = 0
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
    let hasWidths = rows.contains { $0.medianWidth != nil }
    var header = ["Data", "Measured", "Share of audits, %", "Bound", "Kept"]
    if hasWidths { header += ["Median width, points", "Oracle's", "Ratio", "Bound"] }
    let lines = rows.map { row in
      var cells = [
        row.data, row.measured, share(row), row.bound.words, row.isKept.map { $0 ? "yes" : "**no**" } ?? "",
      ]
      if hasWidths {
        cells += [
          points(row.medianWidth), points(row.oracleWidth), row.widthRatio.map { String(format: "%.2f", $0) } ?? "",
          row.widthBound.map { String(format: "≤ %.2f", $0) } ?? "none",
        ]
      }
      return cells
    }
    return "### \(title)\n\n" + table([header] + lines)
  }

  private static func share(_ row: StudyRow) -> String {
    let value = String(format: "%.1f", 100 * row.share)
    guard row.audits > 0 else { return value + " (exact)" }
    return value + String(format: " ± %.1f", 100 * row.standardError) + " of \(row.audits)"
  }

  private static func points(_ width: Double?) -> String { width.map { String(format: "%.2f", 100 * $0) } ?? "" }

  /// The first row is the header.
  private static func table(_ rows: [[String]]) -> String {
    guard let header = rows.first else { return "" }
    return ([header, header.map { _ in "---" }] + rows.dropFirst())
      .map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }
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
    return Self.table([header] + lines)
  }

  private static func line(_ section: StudySection, _ bound: PromisedBound, _ rows: [StudyRow]) -> [String] {
    let shares = rows.map(\.share)
    let worst: Double? =
      switch bound {
      case .atLeast: shares.min()
      case .atMost: shares.max()
      case .none: nil
      }
    let ratios = rows.compactMap(\.widthRatio).sorted()
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

extension StudyTable {
  /// The rows that fall short, each with its reason; nil if all rows keep their bounds.
  package var shortfallMarkdown: String? {
    guard !broken.isEmpty else { return nil }
    let lines = broken.map { row in
      [row.section.title, row.data, row.measured, row.shortfall, row.reason ?? "not known yet"]
    }
    return Self.table([["Section", "Data", "Measured", "Falls short", "Reason"]] + lines)
  }
}

extension StudyRow {
  /// What is beyond its bound, in words.
  fileprivate var shortfall: String {
    if let widthBound, let widthRatio, widthRatio > widthBound {
      return String(format: "%.2f times the oracle's width, at most %.2f", widthRatio, widthBound)
    }
    return String(format: "%.1f %%, ", 100 * share) + bound.words
  }

  /// Why rows of this kind fall short, where that has been found out.
  fileprivate var reason: String? {
    Study.knownShortfalls.first { $0.section == section && data.contains($0.data) }?.reason
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

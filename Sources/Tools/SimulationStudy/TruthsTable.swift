internal import Metrics
internal import Statistics

/// What a row of the table is about, in the order of the table.
package enum TruthSection: String, CaseIterable, Equatable, Sendable {
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
}

/// What a measured share must keep.
package enum TruthBound: Equatable, Sendable {
  case atLeast(Double)
  case atMost(Double)
  /// The row is shown for what it teaches; nothing is promised.
  case none

  /// Whether a share keeps the bound; nil where there is none.
  package func isKept(by share: Double) -> Bool? {
    switch self {
    case .atLeast(let least): share >= least
    case .atMost(let most): share <= most
    case .none: nil
    }
  }
}

/// One planted truth and how often audits told it.
package struct TruthRow: Equatable, Sendable {
  package var section: TruthSection
  /// The data: items, clusters, seeds and effects.
  package var planted: String
  /// What is counted.
  package var measured: String
  /// The number of simulated audits; 0 where the share is computed exactly.
  package var audits: Int
  /// The share of audits.
  package var share: Double
  package var bound: TruthBound
  /// The mean width of the interval, where the row is about one.
  package var meanWidth: Double?
  /// The width of the interval of one who knows the true standard error: 2 · 1.96 times the root mean square of the
  /// estimate's distance from the truth, over the same audits.
  package var oracleWidth: Double?

  package init(
    section: TruthSection, planted: String, measured: String, audits: Int, share: Double, bound: TruthBound,
    meanWidth: Double? = nil, oracleWidth: Double? = nil
  ) {
    self.section = section
    self.planted = planted
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

  /// Whether the share itself keeps the bound, whatever its error; nil where there is none.
  package var isKept: Bool? { bound.isKept(by: share) }
}

extension TruthRow {
  /// How often intervals covered the truth.
  static func coverage(
    _ section: TruthSection, _ planted: String, of measured: String, _ findings: [IntervalFinding],
    bound: TruthBound = .atLeast(0.93)
  ) -> TruthRow {
    let count = Double(max(1, findings.count))
    let squares = findings.reduce(0.0) { $0 + ($1.estimate - $1.truth) * ($1.estimate - $1.truth) }
    return TruthRow(
      section: section, planted: planted, measured: measured, audits: findings.count,
      share: Double(findings.count { $0.interval.contains($0.truth) }) / count, bound: bound,
      meanWidth: findings.reduce(0.0) { $0 + $1.interval.width } / count,
      oracleWidth: 2 * NormalDistribution.twoSided95 * (squares / count).squareRoot())
  }

  /// How often something was said.
  static func frequency(
    _ section: TruthSection, _ planted: String, of measured: String, _ findings: [Bool], bound: TruthBound
  ) -> TruthRow {
    TruthRow(
      section: section, planted: planted, measured: measured, audits: findings.count,
      share: Double(findings.count { $0 }) / Double(max(1, findings.count)), bound: bound)
  }
}

/// What one audit said of a figure whose truth was planted.
struct IntervalFinding: Sendable {
  var estimate: Double
  var interval: Interval
  var truth: Double
}

/// What simulations showed.
package struct TruthsTable: Equatable, Sendable {
  /// Of a scenario that runs all of them.
  package var audits: Int
  package var seed: Int
  package var rows: [TruthRow]

  package init(audits: Int, seed: Int, rows: [TruthRow]) {
    self.audits = audits
    self.seed = seed
    self.rows = rows
  }

  /// The rows that do not keep their bound.
  package var broken: [TruthRow] { rows.filter { $0.isKept == false } }
}

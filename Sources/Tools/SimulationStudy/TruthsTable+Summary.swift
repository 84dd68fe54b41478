internal import Foundation

extension TruthsTable {
  /// One line a section and bound: the share farthest from its promise, how many rows keep it, and how wide their
  /// intervals are beside an oracle's. Rows without a bound do not count.
  package var summaryMarkdown: String {
    let header = ["Promise", "Bound, %", "Worst share, %", "Rows that keep it", "Width over the oracle's"]
    let lines = TruthSection.allCases.flatMap { section in
      let own = rows.filter { $0.section == section && $0.isKept != nil }
      return own.map(\.bound).uniqued.map { bound in Self.line(section, bound, own.filter { $0.bound == bound }) }
    }
    return ([header, header.map { _ in "---" }] + lines)
      .map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  private static func line(_ section: TruthSection, _ bound: TruthBound, _ rows: [TruthRow]) -> [String] {
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
      section.rawValue, bound.words, worst.map { String(format: "%.1f", 100 * $0) } ?? "",
      "\(rows.count { $0.isKept == true }) of \(rows.count)", width,
    ]
  }
}

extension TruthBound {
  /// In points: "≥ 93".
  var words: String {
    switch self {
    case .atLeast(let least): String(format: "≥ %g", 100 * least)
    case .atMost(let most): String(format: "≤ %g", 100 * most)
    case .none: "none"
    }
  }
}

extension [TruthBound] {
  /// Each once, in the order in which they first appear.
  fileprivate var uniqued: [TruthBound] {
    reduce(into: []) { bounds, bound in
      if !bounds.contains(bound) { bounds.append(bound) }
    }
  }
}

internal import Foundation

extension TruthsTable {
  /// The rows as tables, one a section, shares and widths in points with a Monte Carlo standard error.
  package var markdown: String {
    TruthSection.allCases.compactMap { section in
      let own = rows.filter { $0.section == section }
      return own.isEmpty ? nil : Self.table(own, title: section.rawValue)
    }.joined(separator: "\n\n")
  }

  private static func table(_ rows: [TruthRow], title: String) -> String {
    let hasWidths = rows.contains { $0.meanWidth != nil }
    var header = ["Planted", "Measured", "Share of audits, %", "Bound", "Kept"]
    if hasWidths { header += ["Mean width, points", "Oracle's"] }
    let lines = rows.map { row in
      var cells = [
        row.planted, row.measured, share(row), row.bound.words, row.isKept.map { $0 ? "yes" : "**no**" } ?? "",
      ]
      if hasWidths { cells += [points(row.meanWidth), points(row.oracleWidth)] }
      return cells
    }
    let rule = header.map { _ in "---" }
    return "### \(title)\n\n"
      + ([header, rule] + lines).map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  private static func share(_ row: TruthRow) -> String {
    let value = String(format: "%.1f", 100 * row.share)
    guard row.audits > 0 else { return value + " (exact)" }
    return value + String(format: " ± %.1f", 100 * row.standardError) + " of \(row.audits)"
  }

  private static func points(_ width: Double?) -> String { width.map { String(format: "%.2f", 100 * $0) } ?? "" }
}

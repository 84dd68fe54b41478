import Fairness
import Privacy
import Report
import Testing

@Suite("Tables of comma-separated values")
struct TableTests {
  /// Reads back what the tables hold.
  private func rows(_ report: AuditReport, _ name: String) throws -> [[String]] {
    let file = try #require(report.files().first { $0.path == "tables/\(name).csv" })
    var rows: [[String]] = [[""]]
    var isQuoted = false
    for scalar in String(decoding: file.bytes, as: UTF8.self).unicodeScalars {
      let last = rows.count - 1
      switch (scalar, isQuoted) {
      case ("\"", _):
        isQuoted.toggle()
        rows[last][rows[last].count - 1].unicodeScalars.append(scalar)
      case (",", false): rows[last].append("")
      case ("\n", false): rows.append([""])
      default: rows[last][rows[last].count - 1].unicodeScalars.append(scalar)
      }
    }
    return rows.dropLast().map { $0.map(unquoted) }
  }

  private func unquoted(_ field: String) -> String {
    guard field.hasPrefix("\"") else { return field }
    return field.dropFirst().dropLast().split(separator: "\"\"", omittingEmptySubsequences: false)
      .joined(separator: "\"")
  }

  @Test(
    "Every row has the fields of the header",
    arguments: [
      ("groups", 4 * 4 * 6), ("gaps", 4 * 4 * 2 * 4), ("comparisons", 2 * 6), ("calibration", 4 * 6),
      ("reliability", 4 * 6 * 15), ("privacy", 4 * 2 * (3 + 5 * 6)), ("vulnerability", 4 * 2 * 2 * 4), ("costs", 4 * 4),
      ("losses", 4 * 11 * 3),
    ])
  func shape(name: String, count: Int) throws {
    let rows = try rows(SimulatedAudit.report.get(), name)
    #expect(rows.count == count + 1)
    #expect(Set(rows.map(\.count)).count == 1)
    #expect(Set(rows[0]).count == rows[0].count)
  }

  @Test("Every point of every attack's curve is in the table")
  func curves() throws {
    let report = try SimulatedAudit.report.get()
    let points = report.privacy.flatMap(\.attacks).flatMap { [$0.overall] + $0.groups }.map(\.curve.count)
    #expect(try rows(report, "roc").count == points.reduce(1, +))
  }

  @Test("An undefined figure leaves its cells empty and gives its reason")
  func undefined() throws {
    let rows = try rows(SmallAudit.report(), "groups")
    let value = try #require(rows[0].firstIndex(of: "true_positive_rate"))
    let reason = try #require(rows[0].firstIndex(of: "true_positive_rate_undefined"))
    for row in rows.dropFirst() {
      #expect(row[value] == "")
      #expect(!row[reason].isEmpty)
    }
  }

  @Test("Figures read back as the same Float64")
  func roundTrip() throws {
    let report = try SimulatedAudit.report.get()
    let rows = try rows(report, "comparisons")
    let column = try #require(rows[0].firstIndex(of: "estimate"))
    #expect(rows.dropFirst().map { Double($0[column]) } == report.fairness.comparisons.map(\.estimate))
  }

  @Test("Names with quotes, commas and line breaks read back as they were")
  func hostile() throws {
    let name = "a,\"b\"\r\n<c>"
    var report = try SmallAudit.report()
    report.fairness.arms[0].arm = name
    let rows = try rows(report, "groups")
    #expect(rows.count == 1 + 2 * 2)
    #expect(rows.dropFirst().allSatisfy { $0[0] == name && $0.count == rows[0].count })
  }
}

import MembershipInference
import Metrics
import Report
import Statistics
import Testing

@Suite("Tables of comma-separated values")
struct TableTests {
  /// Reads back what the tables hold.
  private func rows(_ report: AuditReport, _ name: String) throws -> [[String]] {
    let file = try #require(try report.files().first { $0.path == "tables/\(name).csv" })
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
      ("losses", 4 * 11 * 3), ("validation_losses", 4 * 3 * 10),
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

  @Test("Calibration says which confidence it is of, and has that of the positive class where there is one")
  func confidence() throws {
    let rows = try rows(SimulatedAudit.report.get(), "calibration")
    func column(_ name: String) throws -> Int { try #require(rows[0].firstIndex(of: name)) }
    let named = try column("confidence")
    #expect(rows.dropFirst().allSatisfy { $0[named] == "top label" })
    let gap = try column("positive_signed_gap")
    let report = try SimulatedAudit.report.get()
    let expected = report.fairness.arms.flatMap { $0.calibration.all }
      .map { $0.positive.value?.signedGap.value }
    #expect(rows.dropFirst().map { Double($0[gap]) } == expected && expected.contains { $0 != nil })
    let without = try self.rows(SmallAudit.report(), "calibration")
    let reason = try column("positive_signed_gap_undefined")
    #expect(without.dropFirst().allSatisfy { $0[gap].isEmpty && $0[reason].contains("two classes") })
    let page = try SimulatedAudit.report.get().html()
    #expect(page.contains("the top label") && page.contains("<small>classwise "))
    #expect(page.contains("Probability minus share, points"))
    #expect(try !SmallAudit.report().html().contains("Probability minus share, points"))
  }

  @Test("A log loss that is undefined says so in the table, the page and the results, and leaves the rest")
  func impossible() throws {
    var report = try SmallAudit.report()
    let reason = "2 items had probability 0 for their class"
    report.fairness.arms[0].calibration.overall.negativeLogLikelihood = .undefined(reason: reason, n: 4)
    let rows = try rows(report, "calibration")
    let value = try #require(rows[0].firstIndex(of: "negative_log_likelihood"))
    #expect(rows[1][value].isEmpty && rows[1][value + 3] == reason && !rows[2][value].isEmpty)
    #expect(report.html().contains("Undefined: \(reason)."))
    #expect(String(decoding: try report.results.bytes(), as: UTF8.self).contains("\"\(reason)\""))
  }

  @Test("Groups that a gap leaves out are named with the reason")
  func leftOut() throws {
    let report = try SmallAudit.report(
      groups: [
        Subgroup(column: "tone", value: "dark", items: [0, 2]),
        Subgroup(column: "tone", value: "light", items: [0, 1]),
        Subgroup(column: "tone", value: "pale", items: [1, 2]),
      ], positiveClass: 1)
    let rows = try rows(report, "gaps")
    let gap = try #require(rows.first { $0[3] == "equal_opportunity_difference" })
    let column = try #require(rows[0].firstIndex(of: "left_out"))
    #expect(gap[column] == "dark" && gap[column + 1] == "no positives")
    #expect(report.html().contains("; without dark (no positives)"))
    #expect(try SchemaCheck().errors(report.results) == [])
  }

  @Test("What falls short of a bound in percent never reads as if it reached it")
  func percents() {
    #expect(Figures.percentNotAbove(0.79964) == "79.96" && Figures.percentNotAbove(0.799999) == "79.99")
    #expect(Figures.percentNotAbove(0.29) == "29.00" && Figures.percentNotAbove(1) == "100.00")
    #expect(Figures.exactPercent(0.8) == "80.0" && Figures.exactPercent(0.9999) == "99.99")
    #expect(Figures.exactPercent(0.123456) == "12.3456" && Figures.exactPercent(0.29) == "29.0")
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

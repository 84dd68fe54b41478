import Foundation
import Metrics
import Report
import Statistics
import Testing

@Suite("A report about remedies")
struct RemediesReportTests {
  private let dusk = GroupName(column: "lighting", value: "dusk")

  /// The simulated audit, as if full and lora-r8 were tried to help lora-r2.
  private func report() throws -> AuditReport {
    var report = try SimulatedAudit.report.get()
    report.remedies = RemedyFindings(
      arm: "full", group: dusk,
      remedies: [
        RemedyFindings.Remedy(name: "lora-r2", description: "a lower rank", wasSearched: true),
        RemedyFindings.Remedy(name: "lora-r8", description: "a higher rank"),
        RemedyFindings.Remedy(name: "base", description: "changes no prediction"),
      ], leftOut: [RemedyFindings.LeftOut(name: "threshold", reason: "no validation items")])
    return report
  }

  @Test("The first sentence says which remedy helped the group most, by how much and at what cost")
  func helped() throws {
    var report = try report()
    let index = try #require(report.fairness.comparisons.firstIndex { $0.arm == "lora-r8" && $0.group == dusk })
    report.fairness.comparisons[index].estimate = 0.08
    report.fairness.comparisons[index].interval = Interval(lower: 0.02, upper: 0.14)
    report.fairness.comparisons[index].adjustedPValue = .value(0.012)
    #expect(
      report.remedySentence.hasPrefix(
        "lora-r8 helps lighting=dusk most: +8.0 points [+2.0, +14.0] of accuracy against full, significantly different from 0 "
          + "after correction for 10 comparisons, at the cost of "))
    report.fairness.comparisons[index].adjustedPValue = .value(0.21)
    #expect(report.remedySentence.hasPrefix("No remedy for lighting=dusk clearly helps after correction for 10"))
    #expect(report.remedySentence.contains("the largest difference is from lora-r8, +8.0 points [+2.0, +14.0]"))
    let text = report.significanceText(report.fairness.comparisons[index])
    #expect(text == "not significantly different from 0 after correction for 10 comparisons (Holm p .210)")
  }

  @Test("The page shows what each remedy did, what was left out and why, and says nothing that is not so")
  func page() throws {
    let report = try report()
    let page = report.html()
    for text in [
      report.remedySentence, "a higher rank", "chosen by its search", "threshold was left out: no validation items",
      "0: no prediction changes", "Measured when each arm’s audit ran",
    ] {
      #expect(page.contains(text), "\(text)")
    }
    for text in ["Tenbin audit ·", "Tenbin evaluation", "0 worker processes", "known by its predictions", "margin of"] {
      #expect(!page.contains(text), "\(text)")
    }
    #expect(MarkupCheck.drawings(page).flatMap(MarkupCheck.errors) == [])
    #expect(try SchemaCheck().errors(report.results) == [])
  }
}

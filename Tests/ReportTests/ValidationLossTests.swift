import Foundation
import Report
import Statistics
import Support
import Testing

/// Arms that were still improving when their training ended.
@Suite struct ValidationLossTests {
  private static let sentence =
    "lora-r2 was still improving when training ended: in 3 of 3 runs the last fifth of the steps brought 22 % of the "
    + "fall of the validation loss. Its figures may be those of the schedule, not of the method; "
    + "let search choose rates and epochs."

  private func report(_ change: (inout AuditReport) -> Void = { _ in }) throws -> AuditReport {
    var report = try SimulatedAudit.report.get()
    change(&report)
    return report
  }

  @Test("results.json says of every trained arm whether it was still improving, and reads back")
  func results() throws {
    let results = try report().results
    #expect(results.stillFalling.map(\.arm) == ["base", "lora-r2", "lora-r8", "full"])
    #expect(results.stillFalling.map(\.verdict) == [.value(false), .value(true), .value(false), .value(false)])
    let fall = try #require(results.stillFalling[1].runs.first?.fall.value)
    #expect(abs(fall.whole - 0.18) < 1e-12 && abs(fall.lastFifth - 0.04) < 1e-12 && fall.stillFalling)
    let read = try Results(Data(results.bytes()))
    #expect(read.stillFalling == results.stillFalling && read.losses == results.losses)
    #expect(read.improvementWarnings(in: .english) == [Self.sentence])
    #expect(read.improvementWarnings(in: .japanese).first?.contains("3回中3回") == true)
  }

  @Test("The first page and the terminal name the arm, its runs and the cure, and no arm that was trained to its best")
  func sentences() throws {
    let report = try report()
    let page = report.html()
    let first = try #require(page.range(of: "<nav>"))
    #expect(page[..<first.lowerBound].contains(Self.sentence))
    #expect(report.verdictLines().last == Self.sentence)
    #expect(report.verdictLines().count { $0.contains("still improving") } == 1)
    #expect(page.components(separatedBy: "Validation loss of ").count - 1 == 4)
    #expect(page.contains("Training and validation loss"))
  }

  @Test("Without a curve nothing is claimed, on no page and in no line")
  func unmeasured() throws {
    let report = try report { report in for run in report.losses.indices { report.losses[run].validation = [] } }
    #expect(report.results.stillFalling.allSatisfy { $0.verdict.value == nil })
    #expect(!report.html().contains("still improving") && !report.html().contains("alidation loss of"))
    #expect(!report.verdictLines().contains { $0.contains("still improving") })
  }

  @Test("A run that diverged says nothing; the others decide")
  func diverged() throws {
    let report = try report { report in
      for run in report.losses.indices where report.losses[run].arm == "lora-r2" && report.losses[run].seed == 13 {
        report.losses[run].divergedAt = 500
      }
    }
    let arm = report.results.stillFalling[1]
    #expect(arm.verdict == .value(true))
    #expect(arm.runs[0].fall == .undefined(reason: "the run diverged at step 500", n: 10))
    #expect(report.verdictLines().last?.contains("in 2 of 2 runs") == true)
  }

  @Test("compare names such arms with their scenario")
  func compared() throws {
    let (one, two) = (try report().results, try report { $0.planHash = "other" }.results)
    let notes = ScenarioComparison([(name: "a", results: one), (name: "b", results: two)]).notes
    #expect(notes == ["a: \(Self.sentence)", "b: \(Self.sentence)"])
  }
}

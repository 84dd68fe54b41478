import ExternalEvaluation
import Foundation
import Metrics
import Report
import Statistics
import Support
import TestSupport
import Testing

@Suite struct WindowSeriesTests {
  typealias Batch = MonitoringFixture.Batch

  /// One demand that an unshifted window meets.
  private static let rules = [Policy.Rule(metric: .accuracy, groups: .all, demand: .atLeast(0.6))]

  private func window(
    _ fixture: MonitoringFixture, _ number: Int, _ batch: Batch = Batch(count: 120, labelled: 1)
  ) throws -> WindowFile {
    var batch = batch
    batch.first = 10_000 * number
    return try fixture.window(batch, seed: 500 + number, name: "week-\(number).csv")
  }

  /// A file of a series that has had `count` windows, in each of which one figure and one demand were tested.
  private func series(_ count: Int, of monitor: Monitor, in fixture: MonitoringFixture) throws -> WindowSeriesFile {
    let digest = ContentHash(of: []).description
    let windows = (0..<count).map { index in
      let number = index + 1
      let content = ContentHash(of: [UInt8(number)]).description
      return
        "{\"number\": \(number), \"file\": \"w\(number)\", \"judged_at\": \"then\", \"first_together\": \(number), "
        + "\"content\": \"\(content)\", \"figures\": \"\(digest)\", \"change_p_values\": [0.5], \"demands\": []}"
    }
    return WindowSeriesFile(
      path: try fixture.folder.write(
        "{\"version\": 1, \"reference\": \"\(monitor.seriesReference)\", \"windows\": [\(windows.joined(separator: ", "))]}",
        to: "series.json"))
  }

  private func judge(
    _ windows: [WindowFile], with monitor: Monitor, in file: WindowSeriesFile
  ) throws -> [WindowReport] {
    try file.update(reference: monitor.seriesReference) { try monitor.reports(of: windows, in: &$0, at: "now") }
  }

  @Test("Windows without a change meet the policy, given together or one by one")
  func unchanged() throws {
    let fixture = try MonitoringFixture(rules: Self.rules, count: 1_000)
    let monitor = try fixture.monitor()
    let windows = try (1...4).map { try window(fixture, $0) }
    var together = WindowSeries(reference: monitor.seriesReference)
    let reports = try monitor.reports(of: windows, in: &together, at: "")
    #expect(reports.map(\.outcome).allSatisfy { $0 == .met })
    #expect(reports.map(\.series.number) == [1, 2, 3, 4])
    #expect(reports.allSatisfy { $0.series.together == [1, 2, 3, 4] && $0.series.demands == 1 })
    #expect(reports[0].series.changes == reports.flatMap(\.drifts).count { $0.finding.value != nil })
    var single = WindowSeries(reference: monitor.seriesReference)
    for (index, source) in windows.prefix(2).enumerated() {
      let report = try monitor.reports(of: [source], in: &single, at: "")[0]
      #expect(report.outcome == .met && report.series.together == [index + 1])
      #expect(report.drifts.map(\.finding.value?.pValue) == reports[index].drifts.map(\.finding.value?.pValue))
    }
  }

  @Test("A shift that comes in the twentieth week is found in that week, and said with the window's number")
  func shift() throws {
    let fixture = try MonitoringFixture(rules: nil, count: 1_000)
    let monitor = try fixture.monitor()
    let file = try series(19, of: monitor, in: fixture)
    let report = try judge([try window(fixture, 20, Batch(count: 400, sureness: 0.2))], with: monitor, in: file)[0]
    let finding = try #require(report.flagged.first?.finding.value)
    #expect(finding.adjustedPValue >= 420 * finding.pValue)
    let lines = report.lines(in: .english)
    #expect(lines[0].hasSuffix("window 20 of its series"))
    #expect(lines.contains { $0.contains("corrected p") })
    let told = [report].seriesLine(keptIn: "s.json", in: .english)
    #expect(told.hasPrefix("series: window 20 may spend 0.0119 of the 5 %") && told.hasSuffix("s.json"), "\(told)")
    #expect([report].seriesLine(keptIn: "s.json", in: .japanese).hasPrefix("系列：20 番目"))
  }

  @Test("The same window keeps its number and verdict, whatever the order of its rows and what came after it")
  func again() throws {
    let fixture = try MonitoringFixture(rules: Self.rules)
    let monitor = try fixture.monitor()
    var series = WindowSeries(reference: monitor.seriesReference)
    let windows = try (1...3).map { try window(fixture, $0) }
    let first = try monitor.reports(of: windows, in: &series, at: "then")
    let kept = series
    let lines = try String(contentsOfFile: windows[1].file, encoding: .utf8).split(separator: "\n")
    let turned = ([lines[0]] + lines.dropFirst().reversed()).joined(separator: "\n") + "\n"
    let other = try WindowFile(file: try fixture.folder.write(turned, to: "turned.csv"))
    let again = try monitor.reports(of: [other, windows[0]], in: &series, at: "now")
    #expect(series == kept)
    for (report, before) in zip(again, [first[1], first[0]]) {
      #expect(report.series.number == before.series.number && report.series.judgedAt == "then")
      #expect(report.drifts.map(\.finding.value?.adjustedPValue) == before.drifts.map(\.finding.value?.adjustedPValue))
      #expect(report.outcome == before.outcome && !report.series.isNew)
    }
    #expect(
      again.seriesLine(keptIn: "f", in: .english).hasPrefix("series: 2 windows were judged before and keep their"))
    // Other figures are another look, and so are the same ones in another window.
    let more = try fixture.monitor { $0.inputs = ["size"] }
    let wider = try more.reports(of: [windows[0], try window(fixture, 4)], in: &series, at: "now")
    #expect(wider.map(\.series.number) == [4, 5])
    #expect(wider[0].series.together == [4, 5])
  }

  @Test("A demand that is missed as far as chance goes in many windows is no alarm, and does not pass either")
  func demands() throws {
    let fixture = try MonitoringFixture(rules: Self.rules)
    let source = try window(fixture, 1, Batch(count: 300, labelled: 1))
    func judged(limit: Double, after count: Int) throws -> WindowReport {
      let monitor = try fixture.monitor {
        let rule = Policy.Rule(metric: .accuracy, groups: .all, demand: .atLeast(limit))
        $0.policy = Policy(owner: nil, deadline: nil, minimumSize: 30, arms: nil, rules: [rule])
      }
      return try judge([source], with: monitor, in: try series(count, of: monitor, in: fixture))[0]
    }
    let figure = try #require(try judged(limit: 0.5, after: 0).judgements[0].figure)
    // Where the window's own interval ends just below the limit.
    let limit = figure.upper + 0.002
    let late = try judged(limit: limit, after: 30)
    let demand = late.demands[0]
    #expect((try #require(demand.pValue)) < 0.05 && demand.adjustedPValue == 1)
    #expect(late.outcome == .insufficient && demand.judgement.outcome == .insufficient)
    #expect(
      late.lines(in: .english).contains { $0.contains("its own interval lies beyond the limit, but so many windows") })
    #expect(late.lines(in: .japanese).contains { $0.contains("偶然の範囲です") })
    // Far from the limit it is an alarm at any time, and at the interval's very end p is .05.
    #expect(try judged(limit: 0.99, after: 30).outcome == .broken)
    let p = try #require(try judged(limit: figure.upper, after: 0).demands[0].pValue)
    #expect(abs(p - 0.05) < 1e-6)
  }

  @Test("A series is written, read again, and has the same verdicts in another process")
  func written() throws {
    let fixture = try MonitoringFixture(rules: Self.rules)
    let monitor = try fixture.monitor()
    let file = WindowSeriesFile(path: "\(fixture.folder.path)/series.json")
    func judge(_ windows: [WindowFile]) throws -> [WindowReport] {
      try file.update(reference: monitor.seriesReference) {
        try monitor.reports(of: windows, in: &$0, at: "2026-01-01")
      }
    }
    let windows = try (1...2).map { try window(fixture, $0) }
    #expect(try judge([windows[0]])[0].series.number == 1)
    #expect(try judge([windows[1]])[0].series.number == 2)
    let bytes = try Data(contentsOf: URL(filePath: file.path))
    let again = try judge(windows)
    #expect(again.map(\.series.number) == [1, 2] && again.map(\.series.judgedAt) == ["2026-01-01", "2026-01-01"])
    #expect(try Data(contentsOf: URL(filePath: file.path)) == bytes)
    // A window that cannot be judged leaves the series as it is.
    let wrong = try fixture.folder.write("item,logit_no,logit_yes\na,nan,1\n", to: "wrong.csv")
    #expect(throws: (any Error).self) { try judge([try window(fixture, 3), try WindowFile(file: wrong)]) }
    #expect(try Data(contentsOf: URL(filePath: file.path)) == bytes)
  }

  @Test("Processes that judge at the same time number their windows one after the other")
  func concurrent() async throws {
    let fixture = try MonitoringFixture(rules: nil, count: 60)
    let monitor = try fixture.monitor()
    let file = WindowSeriesFile(path: "\(fixture.folder.path)/series.json")
    let windows = try (1...6).map { try window(fixture, $0, Batch(count: 40)) }
    let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
      for source in windows {
        group.addTask {
          try file.update(reference: monitor.seriesReference) {
            try monitor.reports(of: [source], in: &$0, at: "")[0].series.number
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(numbers.sorted() == Array(1...6))
  }

  @Test("A file that is no series of this reference is refused with the way out, and stays as it is")
  func refused() throws {
    let fixture = try MonitoringFixture(rules: nil, arms: ["full", "lora"], count: 60)
    func monitor(_ arm: String) throws -> Monitor { try fixture.monitor { $0.arm = arm } }
    let reference = try monitor("lora").seriesReference
    let source = try fixture.window(Batch(count: 40, arms: ["lora"]))
    func judge(_ path: String, _ reference: ContentHash) throws {
      _ = try WindowSeriesFile(path: path).update(reference: reference) {
        try monitor("lora").reports(of: [source], in: &$0, at: "")
      }
    }
    func refused(_ path: String, _ reference: ContentHash, _ problem: String) {
      #expect { try judge(path, reference) } throws: { "\($0)".contains(problem) && "\($0)".contains(path) }
    }
    let path = "\(fixture.folder.path)/series.json"
    try judge(path, reference)
    let whole = try String(contentsOfFile: path, encoding: .utf8)
    refused(path, try monitor("full").seriesReference, "belongs to another reference, or to another arm or seed of it")
    for (text, problem) in [
      ("", "is not a series of windows; bring back a copy"), ("{}", "is not a series of windows"),
      (String(whole.prefix(whole.count / 2)), "is not a series of windows"),
      (whole.replacing("\"version\": 1", with: "\"version\": 2"), "is a series of version 2"),
      (whole.replacing("\"number\": 1", with: "\"number\": 7"), "is damaged; bring back a copy"),
      (whole.replacing("\"first_together\": 1,", with: ""), "is damaged"),
      (whole.replacing("\"reference\": \"", with: "\"reference\": \"x"), "is damaged"),
    ] {
      #expect(text != whole)
      try fixture.folder.write(text, to: "series.json")
      refused(path, reference, problem)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }
    try fixture.folder.write(whole, to: "file")
    refused("\(fixture.folder.path)/file/series.json", reference, "Name a file for them with --series")
    refused("\(fixture.folder.path)/nowhere/series.json", reference, "cannot be written")
  }
}

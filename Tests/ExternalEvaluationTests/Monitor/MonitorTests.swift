import ExternalEvaluation
import Foundation
import Metrics
import Report
import Statistics
import Support
import TestSupport
import Testing

@Suite struct MonitorTests {
  typealias Batch = MonitoringFixture.Batch

  @Test("Labelled windows have the figures of an evaluation of the same rows, to the last bit")
  func labelled() throws {
    let fixture = try MonitoringFixture()
    let source = try fixture.window(Batch(labelled: 1))
    let report = try fixture.monitor().report(of: source)
    let evaluated = try PredictionsEvaluation(
      PredictionsEvaluation.Settings(
        files: [source.file], groups: ["light", "age"], intersections: [["light", "age"]],
        rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 30), name: "reference")
    ).report()
    #expect(report.evaluation?.fairness == evaluated.fairness)
    #expect(report.labelled == 300)
    #expect(report.outcome == .met)
    #expect(report.outcome.exitCode == 0)
    #expect(report.judgements.count == 9)
    #expect(report.lines(in: .english)[0].contains("the policy is met; 300 items, 300 labelled; 9 met"))
    #expect(report.lines(in: .japanese)[0].contains("方針を満たしています"))
  }

  @Test("A window without a column of the reference's groups could not be checked, whatever its labels say")
  func missingColumns() throws {
    let fixture = try MonitoringFixture(rules: [
      Policy.Rule(metric: .accuracy, groups: .all, demand: .atLeast(0.6))
    ])
    let whole = try fixture.window(Batch(labelled: 1))
    #expect(try fixture.monitor().report(of: whole).outcome == .met)
    let text = try String(contentsOfFile: whole.file, encoding: .utf8)
    for columns in [[",light"], [",light", ",age"]] {
      let bare = columns.reduce(text) { $0.replacing($1 + ",", with: "\($1)-then,") }
      let report = try fixture.monitor().report(
        of: try WindowFile(file: try fixture.folder.write(bare, to: "bare.csv")))
      #expect(report.missingColumns.count == columns.count)
      #expect(report.judgements.map(\.outcome) == [.met])
      #expect(report.outcome == .insufficient && report.outcome.exitCode == 3)
      #expect(report.lines(in: .english)[0].contains("groups could not be checked"))
      #expect(report.lines(in: .japanese)[0].contains("列がないため確認できません"))
    }
  }

  @Test("A window that holds mostly the reference's own items does not pass for what came after it")
  func knownItems() throws {
    let fixture = try MonitoringFixture()
    let same = try fixture.monitor().report(of: try WindowFile(file: "\(fixture.folder.path)/reference.csv"))
    #expect(same.knownItems == 400 && same.outcome == .insufficient)
    #expect(same.lines(in: .english)[0].contains("most items are the reference's own"))
    // A few that come again do no harm.
    let some = try fixture.monitor().report(of: try fixture.window(Batch(first: 300, labelled: 1)))
    #expect(some.knownItems == 100 && some.outcome == .met)
  }

  @Test("Unlabelled items alone never give exit code 0, whatever they hold", arguments: 0..<24)
  func unlabelled(number: Int) throws {
    var generator = RandomKey(seed: 5)["unlabelled"][number].generator
    let fixture = try Self.shared.get()
    let batch = Batch(
      count: 20 + generator.index(below: 250), dusk: generator.uniform() * 6,
      light: [["day", "dusk"], ["day"], ["dusk"], ["day", "dusk", "fog"]][generator.index(below: 4)])
    let report = try fixture.monitor { settings in
      if number % 4 == 0 {
        let rule = Policy.Rule(metric: .selectionRate, groups: .all, demand: .atMost(1))
        settings.policy = Policy(owner: nil, deadline: nil, minimumSize: 1, arms: nil, rules: [rule])
      }
    }.report(of: try fixture.window(batch, seed: 100 + number, name: "w\(number).csv"))
    #expect(report.labelled == 0)
    #expect(report.outcome != .met)
    #expect([report].outcome.exitCode != 0)
  }

  /// Made once: what is tested with it changes nothing.
  private static let shared = Result { try MonitoringFixture() }

  @Test("A group of which the model is no longer sure raises an alarm without labels")
  func alarm() throws {
    let fixture = try MonitoringFixture(
      rules: [Policy.Rule(metric: .accuracy, groups: .every, demand: .atLeast(0.75))], count: 1_600)
    let report = try fixture.monitor().report(of: try fixture.window(Batch(count: 500, sureness: 0.1)))
    #expect(report.outcome == .broken)
    #expect(report.outcome.exitCode == 2)
    let broken = report.judgements.filter { $0.outcome == .broken }
    #expect(broken.contains { $0.group == "light=dusk" && $0.reason == "estimated without labels" })
    #expect(!broken.contains { $0.group == "light=day" })
    #expect(report.flagged.contains { $0.group?.value == "dusk" && $0.subject == .score })
    let lines = report.lines(in: .english)
    #expect(lines[0].contains("alarm: the policy is broken"))
    #expect(lines[1].hasPrefix("broken: lora, light=dusk: accuracy"))
    #expect(lines.last?.contains("holds as long as inputs alone change") == true)
    #expect(report.lines(in: .japanese)[0].contains("警報"))
  }

  @Test("Where labels change and inputs do not, only labels raise the alarm")
  func conceptShift() throws {
    let fixture = try MonitoringFixture()
    let blind = try fixture.monitor().report(of: try fixture.window(Batch(flipped: 0.5)))
    #expect(blind.outcome == .insufficient)
    #expect(blind.outcome.exitCode == 3)
    let seen = try fixture.monitor().report(of: try fixture.window(Batch(labelled: 1, flipped: 0.5)))
    #expect(seen.outcome == .broken)
  }

  @Test("Partly labelled windows are judged by their labels, and say how many there are")
  func partlyLabelled() throws {
    let fixture = try MonitoringFixture()
    let report = try fixture.monitor().report(of: try fixture.window(Batch(count: 500, labelled: 0.5)))
    #expect((200..<300).contains(report.labelled))
    #expect(report.evaluation?.fairness.arms[0].overSeeds.overall.n == report.labelled)
    // Selection is seen of all items, labelled or not.
    #expect(report.judgements.last?.figure?.n == 500)
    #expect(report.lines(in: .english).contains { $0.contains("judged by the \(report.labelled) of 500 items") })
    let handful = try fixture.monitor().report(of: try fixture.window(Batch(count: 500, labelled: 0.02)))
    #expect(handful.labelled > 0 && handful.outcome == .insufficient)
  }

  @Test("Groups that are new, gone or of a missing column are told, and a rule about every group is about them too")
  func groups() throws {
    let fixture = try MonitoringFixture()
    let fog = try fixture.monitor().report(of: try fixture.window(Batch(labelled: 1, light: ["day", "fog"])))
    #expect(fog.unseenGroups == [GroupName(column: "light", value: "fog")])
    #expect(fog.missingGroups.map(\.description) == ["light=dusk", "dusk × old", "dusk × young"])
    #expect(fog.outcome == .insufficient)
    #expect(
      fog.judgements.contains { $0.group == "light=dusk" && $0.reason == "the window has no items of it" })
    #expect(fog.lines(in: .english).contains { $0.hasPrefix("check: light=fog: ") })
    let text = try String(contentsOfFile: fixture.window(Batch(labelled: 1)).file, encoding: .utf8)
    let bare = text.replacing(",light,", with: ",brightness,")
    let report = try fixture.monitor().report(
      of: try WindowFile(file: try fixture.folder.write(bare, to: "bare.csv")))
    #expect(report.missingColumns == ["light"])
    #expect(report.missingGroups.isEmpty)
    #expect(report.outcome == .insufficient)
    #expect(report.judgements.contains { $0.group == "light=day" && $0.reason == "the window has no column light" })
  }

  @Test("Margins and attacks are no questions for a window, and without a policy there is no verdict")
  func withoutVerdict() throws {
    let fixture = try MonitoringFixture(rules: [
      Policy.Rule(metric: .accuracy, groups: .all, demand: .margin(0.03)),
      Policy.Rule(metric: .attackArea, groups: .all, demand: .atMost(0.6)),
    ])
    let source = try fixture.window(Batch(labelled: 1))
    let report = try fixture.monitor().report(of: source)
    #expect(report.outcome == .insufficient)
    #expect(report.judgements.allSatisfy { $0.figure == nil && $0.reason != nil })
    let none = try MonitoringFixture(rules: nil)
    let bare = try none.monitor().report(of: none.window(Batch()))
    #expect(bare.outcome == .insufficient && !bare.hasPolicy)
    #expect(bare.lines(in: .english)[0].contains("there is no policy to judge by"))
    #expect(bare.lines(in: .english).contains { $0.contains("estimated without labels") })
    let labelled = try none.monitor().report(of: none.window(Batch(labelled: 1)))
    #expect(
      labelled.lines(in: .english).contains { $0.hasPrefix("all items: accuracy") && $0.contains("300 labelled") })
    // What is estimated without labels is the same with them.
    #expect(labelled.groups.map(\.estimate) == bare.groups.map(\.estimate))
  }

  @Test("The same window gives the same bytes, and every group a row")
  func bytes() throws {
    let fixture = try MonitoringFixture()
    let source = try fixture.window(Batch(labelled: 0.3))
    let (first, second) = (try fixture.monitor(), try fixture.monitor())
    let reports = [try first.report(of: source)]
    #expect(try first.document(of: reports) == second.document(of: [try second.report(of: source)]))
    let rows = String(decoding: reports.table(), as: UTF8.self).split(separator: "\n")
    #expect(rows.count == 1 + reports[0].groups.count)
    #expect(rows.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 27 })
    let document = String(decoding: try first.document(of: reports), as: UTF8.self)
    #expect(document.contains("\"label_free_estimate\"") && document.contains("\"policy_chosen_afterwards\": false"))
    #expect(document.contains("\"series\"") && document.contains("\"together\""))
  }

  @Test("A policy of its own is marked as chosen afterwards")
  func otherPolicy() throws {
    let fixture = try MonitoringFixture()
    let rule = Policy.Rule(metric: .accuracy, groups: .all, demand: .atLeast(0.99))
    let monitor = try fixture.monitor {
      $0.policy = Policy(owner: nil, deadline: nil, minimumSize: 10, arms: nil, rules: [rule])
    }
    #expect(monitor.isChosenAfterwards)
    #expect(try monitor.report(of: fixture.window(Batch(labelled: 1))).outcome == .broken)
  }

  @Test("Confidence minus accuracy is judged without labels too, and rates that need labels are not")
  func signedGap() throws {
    let fixture = try MonitoringFixture(rules: [
      Policy.Rule(metric: .signedGap, groups: .all, demand: .atMost(-0.5)),
      Policy.Rule(metric: .truePositiveRate, groups: .all, demand: .atLeast(0)),
    ])
    let report = try fixture.monitor().report(of: try fixture.window(Batch()))
    let estimate = try #require(report.groups[0].estimate.value)
    let figure = try #require(report.judgements[0].figure)
    #expect(abs(figure.value - (estimate.meanConfidence - estimate.accuracy.value)) < 1e-12)
    #expect(figure.lower < figure.value && figure.value < figure.upper)
    #expect(report.judgements.map(\.outcome) == [.broken, .insufficient])
    #expect(report.judgements[1].reason == "it cannot be measured without labels")
  }
}

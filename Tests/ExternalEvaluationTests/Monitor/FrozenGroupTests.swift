import ExternalEvaluation
import Foundation
import Metrics
import Report
import Support
import TestSupport
import Testing

@Suite struct FrozenGroupTests {
  private func text(_ count: Int, topics: [String], first: Int = 0) -> String {
    var generator = RandomKey(seed: 8)["topics"][first].generator
    var text = "item,label,logit_a,logit_b,logit_c,topic,age,light\n"
    for item in 0..<count {
      let (age, light) = (["old", "young", ""][item % 3], item % 20 == 0 ? "dusk" : "day")
      let label = ["a", "b", "c"][generator.index(below: 3)]
      let scores = ["a", "b", "c"].map { "\(Float(generator.normal() + ($0 == label ? 2 : 0)))" }
      text +=
        "i\(first + item),\(label),\(scores.joined(separator: ",")),\(topics[item % topics.count]),\(age),\(light)\n"
    }
    return text
  }

  private func monitor(_ folder: TemporaryFolder) throws -> (monitor: Monitor, report: AuditReport) {
    let file = try folder.write(text(300, topics: ["x;y", "x", "y", ""]), to: "reference.csv")
    let report = try PredictionsEvaluation(
      PredictionsEvaluation.Settings(
        files: [file], groups: ["topic", "age", "light"], intersections: [["age", "light"]],
        rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 20), name: "reference")
    ).report()
    try folder.write(report.results.bytes(), to: "results.json")
    return (
      try Monitor(MonitoringSettings(reference: folder.path, referencePredictions: [file])), report
    )
  }

  @Test("Tags, those without them, and pooled combinations divide a window as they divided the reference")
  func same() throws {
    let folder = try TemporaryFolder()
    let (monitor, evaluated) = try monitor(folder)
    let again = try monitor.report(of: try WindowFile(file: "\(folder.path)/reference.csv"))
    let expected = evaluated.fairness.arms[0].overSeeds
    #expect(again.groups.map(\.group) == [nil] + expected.groups.map(\.group))
    #expect(again.groups.map(\.n) == [expected.overall.n] + expected.groups.map(\.n))
    #expect(again.evaluation?.fairness.arms[0].overSeeds == expected)
    #expect(again.groups.contains { $0.group?.value == "smaller ones of age × light" })
    #expect(again.flagged.isEmpty && again.unseenGroups.isEmpty && again.missingGroups.isEmpty)
    #expect(again.knownItems == 300)
  }

  @Test("A window without overlapping tags still has those without a tag")
  func complements() throws {
    let folder = try TemporaryFolder()
    let monitor = try monitor(folder).monitor
    let file = try folder.write(text(60, topics: ["x", "y", "z"], first: 1_000), to: "window.csv")
    let report = try monitor.report(of: try WindowFile(file: file))
    let sizes = Dictionary(
      report.groups.compactMap { figures in figures.group.map { ("\($0)", figures.n) } }
    ) { first, _ in first }
    #expect(sizes["topic=x"] == 20 && sizes["topic=not x"] == 40)
    #expect(sizes["topic=z"] == 20)
    #expect(report.unseenGroups.map(\.description) == ["topic=z"])
    #expect(report.missingGroups.map(\.description) == ["topic=(missing)"])
  }
}

import ExternalEvaluation
import Foundation
import MembershipInference
import Metrics
import Report
import Statistics
import Support
import TestSupport
import Testing

/// What is read keeps the digits that the file gives.
@Suite struct PrecisionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func evaluation(_ file: String) throws -> PredictionsEvaluation {
    try PredictionsEvaluation(
      PredictionsEvaluation.Settings(
        files: [file], groups: [], rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 2), name: "p"))
  }

  @Test("Summed log-likelihoods near −24,000 that differ in the eighth digit are told apart")
  func eighthDigit() throws {
    var generator = RandomKey(seed: 17)["likelihoods"].generator
    var text = "item,label,logit_no,logit_yes\n"
    var right = 0
    for item in 0..<400 {
      // Neighbouring Float32 numbers are .002 apart here.
      let (base, step) = (-24_000 - 100 * generator.uniform(), 0.0001 + 0.0008 * generator.uniform())
      let isYes = generator.uniform() < 0.5
      let label = generator.uniform() < 0.81 ? isYes : !isYes
      if label == isYes { right += 1 }
      text += "i\(item),\(label ? "yes" : "no"),\(base),\(isYes ? base + step : base - step)\n"
    }
    let report = try evaluation(folder.write(text, to: "p.csv")).report()
    #expect(report.fairness.arms[0].overSeeds.overall.accuracy.value == Double(right) / 400)
  }

  @Test("An attack ranks items by logits that differ in the eighth digit")
  func attack() throws {
    var generator = RandomKey(seed: 17)["attack"].generator
    var text = "model,item,member,label,logit_0,logit_1\n"
    for item in 0..<200 {
      let base = -24_000 - generator.uniform()
      text += "m,i\(item),\(item % 2),1,\(base),\(base + (item % 2 == 1 ? 0.0004 : 0.0002))\n"
    }
    let report = try ScoresAttack(
      ScoresAttack.Settings(files: [folder.write(text, to: "s.csv")], attacks: [.lossThreshold], name: "s")
    ).report()
    #expect(report.study.evaluations[0].attacks[0].overall.areaUnderCurve.value?.value == 1)
  }

  @Test("The copy of the predictions holds every number to the bit, and is evaluated to the same bytes")
  func copy() throws {
    var generator = RandomKey(seed: 17)["copy"].generator
    var text = "item,label,logit_a,logit_b,logit_c\n"
    for item in 0..<100 {
      let values = (0..<3).map { _ in generator.normal() * exp(20 * generator.normal()) }
      text += "i\(item),\(["a", "b", "c"][item % 3]),\(values.map { "\($0)" }.joined(separator: ","))\n"
    }
    let first = try evaluation(folder.write(text, to: "p.csv"))
    let copy = try folder.write(try #require(first.predictionFiles().first).bytes, to: "copy.csv")
    let (read, again) = try (
      PredictionsTable(files: [folder.path + "/p.csv"], groups: []), PredictionsTable(files: [copy], groups: [])
    )
    #expect(read.scores.map(\.bitPattern) == again.scores.map(\.bitPattern))
    #expect(try evaluation(copy).report().results.bytes() == first.report().results.bytes())
  }
}

import Fairness
import Foundation
import Privacy
import RandomNumbers
import Testing

/// What numpy, scipy and scikit-learn say about one fleet (`scripts/oracles/privacy.py`).
private struct Golden: Decodable {
  struct Figures: Decodable {
    var areaUnderCurve: Double
    var truePositiveRate: Double
    var falsePositiveRate: Double
  }

  var masks: [[Bool]]
  var clusters: [Int]
  var labels: [Int]
  var logits: [[Float]]
  var group: [Int]
  var scores: [[Double]]
  var likelihoodRatios: [[Double]]
  var expected: [String: [String: Figures]]

  static func load() throws -> Golden {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/privacy.json")
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
  }
}

@Suite struct GoldenTests {
  @Test("Scores, likelihood ratios, areas and rates agree with independent libraries")
  func agreement() throws {
    let golden = try Golden.load()
    let logits = try golden.logits.map { try Logits(values: $0, count: golden.labels.count, classes: 3) }
    let fleet = Fleet(
      arm: "full", masks: golden.masks, logits: logits, labels: golden.labels, clusters: golden.clusters,
      groups: [Subgroup(column: "tag", value: "x", members: golden.group)])
    for (model, expected) in golden.scores.enumerated() {
      for (item, score) in expected.enumerated() {
        #expect(isClose(MembershipScore.logitScaled(logits[model], item: item, label: golden.labels[item]), score))
      }
      let ratios = LikelihoodRatioAttack.scores(target: model, scores: golden.scores, masks: golden.masks)
      for (ratio, expected) in zip(ratios, golden.likelihoodRatios[model]) { #expect(isClose(ratio, expected)) }
    }
    for attack in try Fixture.evaluate(fleet).attacks {
      let expected = try #require(golden.expected[attack.attack.rawValue])
      for (measures, name) in [(attack.overall, "overall"), (attack.groups[0], "group")] {
        let figures = try #require(expected[name])
        #expect(isClose(try #require(measures.areaUnderCurve.value).value, figures.areaUnderCurve))
        let point = try #require(measures.operatingPoints.first?.truePositiveRate.value)
        #expect(isClose(point.value, figures.truePositiveRate))
        #expect(isClose(point.attainedFalsePositiveRate, figures.falsePositiveRate))
      }
    }
  }
}

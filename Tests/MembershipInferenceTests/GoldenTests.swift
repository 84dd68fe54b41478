import Foundation
import MembershipInference
import Metrics
import Statistics
import Support
import TestSupport
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
  /// `[query][model]`.
  var otherQueries: [[[Float]]]
  var lossTraces: [[[Double]]]
  var likelihoods: [[Double]]
  var releasedMasks: [[Bool]]
  var group: [Int]
  var confidences: [[Double]]
  /// `[target][item]` by attack; of the first targets alone.
  var scores: [String: [[Double]]]
  var scoresOfSeveralQueries: [String: [[Double]]]
  var scoresOfReleased: [String: [[Double]]]
  var expected: [String: [String: Figures]]
  var expectedOfReleased: [String: [String: Figures]]

  static func load() throws -> Golden {
    let file = Repository.root.appending(path: "Tests/MembershipInferenceTests/Golden/privacy.json")
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
  }

  var groups: [Subgroup] { [Subgroup(column: "tag", value: "x", items: group)] }

  func shadowModels(queries: Int = 1) throws -> ShadowModels {
    let all = [logits] + otherQueries
    let scores = try masks.indices.map { model in
      try all.prefix(queries).map { try Logits(values: $0[model], count: labels.count, classes: 3) }
    }
    return ShadowModels(
      arm: "full", masks: masks, scores: .logits(scores), lossTraces: lossTraces, labels: labels, clusters: clusters,
      groups: groups)
  }

  var released: ShadowModels {
    ShadowModels(
      arm: "released", design: .released(target: 2), masks: releasedMasks,
      scores: .direct(likelihoods.map { [$0] }, .logLikelihood), labels: [], clusters: clusters, groups: groups)
  }
}

@Suite struct GoldenTests {
  private let golden: Golden

  init() throws { golden = try Golden.load() }

  private func agrees(_ shadowModels: ShadowModels, with expected: [String: [[Double]]]) throws {
    for (text, scores) in expected {
      let found = try shadowModels.attackScores(of: Attack(text: text))
      for (found, expected) in zip(found, scores) {
        #expect(zip(found, expected).allSatisfy { isClose($0, $1) }, "\(text)")
      }
    }
  }

  private func agrees(_ shadowModels: ShadowModels, with expected: [String: [String: Golden.Figures]]) throws {
    let attacks = try expected.keys.sorted().map { text throws in try Attack(text: text) }
    for attack in try Fixture.evaluate(shadowModels, attacks: attacks).attacks {
      let expected = try #require(expected[attack.attack.text])
      for (measures, name) in [(attack.overall, "overall"), (attack.groups[0], "group")] {
        let figures = try #require(expected[name])
        #expect(isClose(try #require(measures.areaUnderCurve.value).value, figures.areaUnderCurve))
        let point = try #require(measures.operatingPoints.first?.truePositiveRate.value)
        #expect(isClose(point.value, figures.truePositiveRate))
        #expect(isClose(point.attainedFalsePositiveRate, figures.falsePositiveRate))
      }
    }
  }

  @Test("The logit-scaled confidence agrees with an independent one")
  func confidences() throws {
    for (model, expected) in golden.confidences.enumerated() {
      let logits = try Logits(values: golden.logits[model], count: golden.labels.count, classes: 3)
      for (item, score) in expected.enumerated() {
        #expect(isClose(MembershipScore.logitScaled(logits, item: item, label: golden.labels[item]), score))
      }
    }
  }

  @Test("Every attack, in every variant, scores items as its paper's definition does")
  func scores() throws { try agrees(golden.shadowModels(), with: golden.scores) }

  @Test("With several queries of an item attacks score as their papers' definitions do")
  func severalQueries() throws { try agrees(golden.shadowModels(queries: 3), with: golden.scoresOfSeveralQueries) }

  @Test("A released model's items, given mean log-likelihoods, are scored as the definitions say")
  func releasedScores() throws { try agrees(golden.released, with: golden.scoresOfReleased) }

  @Test("Areas and rates agree with scikit-learn")
  func figures() throws {
    try agrees(golden.shadowModels(), with: golden.expected)
    try agrees(golden.released, with: golden.expectedOfReleased)
  }
}

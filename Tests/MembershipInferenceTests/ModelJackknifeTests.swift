import Foundation
import MembershipInference
import Metrics
import Statistics
import Support
import TestSupport
import Testing

/// What numpy and scipy say (`scripts/oracles/attack_variance.py`).
private struct Golden: Decodable {
  struct Unpaired: Decodable {
    var masks: [[Bool]]
    var scores: [[Double]]
    /// `[target][item]` by attack; `nil` for an item without a score.
    var expected: [String: [[Double?]]]
  }

  struct Paired: Decodable {
    var masks: [[Bool]]
    var scores: [[Double]]
    var group: [Int]
    /// By attack, of all items and of the group: with each pair left out.
    var areas: [String: [[Double]]]
  }

  struct Variance: Decodable {
    var clusters: Int
    var resampled: [Double]
    var leftOut: [Double]
    var leftOutResampled: [[Double]]
    var ofClusters: Double
    var ofModels: Double
    var ofBoth: Double
    var standardError: Double
    var degreesOfFreedom: Double
    var reach: Double
    var widened: [Double]
  }

  var unpaired: [String: Unpaired]
  var paired: [Paired]
  var variances: [Variance]

  static func load() throws -> Golden {
    let file = Repository.root.appending(path: "Tests/MembershipInferenceTests/Golden/attack-variance.json")
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
  }
}

@Suite struct ModelJackknifeTests {
  private let golden: Golden

  init() throws { golden = try Golden.load() }

  @Test("Item by item, shadow models are left out and items without enough of them have no score, as an oracle says")
  func unpaired() throws {
    for (name, fleet) in golden.unpaired {
      let shadowModels = ShadowModels(
        arm: "full", design: .independent, masks: fleet.masks,
        scores: .direct(fleet.scores.map { [$0] }, .logitScaled), labels: [],
        clusters: Array(fleet.masks[0].indices), groups: [])
      for (attack, expected) in fleet.expected {
        let found = try shadowModels.attackScores(of: Attack(text: attack))
        for (found, expected) in zip(found, expected) {
          for (item, (found, expected)) in zip(found, expected).enumerated() {
            #expect(
              expected.map { isClose(found, $0) } ?? found.isNaN, "\(name), \(attack), item \(item): \(found)")
          }
        }
      }
    }
  }

  @Test("With a pair left out, as targets and as shadow models, areas are those of an oracle", arguments: [0, 1])
  func paired(number: Int) throws {
    let fleet = golden.paired[number]
    let shadowModels = ShadowModels(
      arm: "full", masks: fleet.masks, scores: .direct(fleet.scores.map { [$0] }, .logitScaled), labels: [],
      clusters: Array(fleet.masks[0].indices), groups: [])
    for (attack, expected) in fleet.areas {
      for (part, items) in [Array(fleet.masks[0].indices), fleet.group].enumerated() {
        for pair in expected[part].indices {
          let found = try shadowModels.attackScores(of: Attack(text: attack), without: [2 * pair, 2 * pair + 1])
          let areas = try found.map { target, scores in
            try #require(
              areaUnderCurve(
                scores: items.map { scores[$0] }, membership: items.map { fleet.masks[target][$0] }))
          }
          #expect(isClose(areas.reduce(0, +) / Double(areas.count), expected[part][pair]), "\(attack), pair \(pair)")
        }
      }
    }
  }

  @Test("Variances, degrees of freedom and the widened interval are those of an oracle", arguments: 0..<4)
  func variance(number: Int) {
    let expected = golden.variances[number]
    let found = AttackVariance(
      FigureReplicates(
        resampled: expected.resampled, leftOut: expected.leftOut, leftOutResampled: expected.leftOutResampled),
      clusters: expected.clusters)
    #expect(isClose(found.ofClusters, expected.ofClusters))
    #expect(isClose(found.ofModels, expected.ofModels))
    #expect(isClose(found.ofBoth, expected.ofBoth))
    #expect(isClose(found.standardError, expected.standardError))
    #expect(isClose(found.degreesOfFreedom, expected.degreesOfFreedom))
    #expect(isClose(found.reach(tail: 0.025), expected.reach))
    let widened = found.widened(Interval(lower: 0.56, upper: 0.65), about: 0.6, tail: 0.025)
    #expect(isClose(widened.lower, expected.widened[0]) && isClose(widened.upper, expected.widened[1]))
  }

  @Test("No variance falls below that of clusters, and no interval becomes narrower, whatever the replicates")
  func bounds() {
    for seed in 0..<200 {
      var generator = RandomKey(seed: seed)["replicates"].generator
      let parts = 2 + seed % 9
      let deviation = [0, 0.001, 0.01, 0.1][seed % 4]
      let replicates = FigureReplicates(
        resampled: (0..<50).map { _ in 0.6 + 0.01 * generator.normal() },
        leftOut: (0..<parts).map { _ in 0.6 + deviation * generator.normal() },
        leftOutResampled: (0..<parts).map { _ in (0..<20).map { _ in 0.6 + 0.005 * generator.normal() } })
      let both = AttackVariance(replicates, clusters: 5 + seed)
      let alone = AttackVariance(FigureReplicates(resampled: replicates.resampled), clusters: 5 + seed)
      #expect(both.total >= alone.total && both.ofClusters == alone.total)
      #expect(both.degreesOfFreedom <= Double(4 + seed) + Double(parts - 1))
      let interval = Interval(lower: 0.57, upper: 0.62)
      let widened = both.widened(interval, about: 0.6, tail: 0.025)
      #expect(widened.lower <= interval.lower && widened.upper >= interval.upper)
      #expect(alone.widened(interval, about: 0.6, tail: 0.025) == interval)
    }
  }

  @Test("Whole pairs are left out, or single models where there are none, in sixteen parts at most")
  func parts() {
    #expect(ModelJackknife.parts(design: .symmetric, models: 6) == [[0, 1], [2, 3], [4, 5]])
    #expect(ModelJackknife.parts(design: .independent, models: 3) == [[0], [1], [2]])
    #expect(ModelJackknife.parts(design: .released(target: 0), models: 9) == [])
    #expect(ModelJackknife.parts(design: .independent, models: 1) == [])
    for models in stride(from: 6, through: 256, by: 2) {
      let parts = ModelJackknife.parts(design: .symmetric, models: models)
      #expect(parts.count <= 16 && parts.joined().elementsEqual(0..<models))
      #expect(parts.allSatisfy { $0.count % 2 == 0 && $0[0] % 2 == 0 })
    }
  }

  @Test("Models that leak unequally widen an interval that clusters alone would make too narrow")
  func unequalModels() throws {
    func interval(_ leak: @escaping (Int) -> Double) throws -> (found: Interval, ofItems: Interval) {
      let key = RandomKey(seed: 7)
      var shadowModels = Fixture.directShadowModels(models: 8, items: 400, leak: { _ in 0 }, seed: 7)
      guard case .direct(let scores, let kind) = shadowModels.scores else { throw PrivacyError.noModels(arm: "full") }
      shadowModels.scores = .direct(
        scores.enumerated().map { model, queries in
          queries.map { zip($0, shadowModels.masks[model]).map { $0 + ($1 ? leak(model) : 0) } }
        }, kind)
      let found = try PrivacyEvaluation.evaluate(shadowModels: shadowModels, attacks: [.lossThreshold], key: key)
      // A released model's figure is about that model: clusters alone.
      var released = shadowModels
      released.design = .released(target: 0)
      let one = try PrivacyEvaluation.evaluate(shadowModels: released, attacks: [.lossThreshold], key: key)
      return (
        try #require(found.attacks[0].overall.areaUnderCurve.value?.interval.value),
        try #require(one.attacks[0].overall.areaUnderCurve.value?.interval.value)
      )
    }
    let equal = try interval { _ in 1 }
    let unequal = try interval { $0 < 4 ? 0.2 : 1.8 }
    #expect(unequal.found.width > 2 * equal.found.width)
    // Eight equal models tell more than one, and still more than that they are equal by chance.
    #expect(equal.found.width < equal.ofItems.width)
  }

  @Test("The interval covers the method's area where models differ, over further models and items", arguments: [8, 16])
  func coverage(models: Int) throws {
    // Difficulty and noise have variance 1 each: the difference of a member and another has mean `leak` and variance 4,
    // and the leak of a model has deviation .4.
    let truth = NormalDistribution.cumulative(1 / (4 + 0.16).squareRoot())
    var covered = 0
    var byClusters = 0
    for seed in 0..<120 {
      let key = RandomKey(seed: 4_000 + seed)
      var shadowModels = Fixture.directShadowModels(models: models, items: 150, leak: { _ in 0 }, seed: 4_000 + seed)
      guard case .direct(let scores, let kind) = shadowModels.scores else { return }
      shadowModels.scores = .direct(
        scores.enumerated().map { model, queries in
          var generator = key["leak"][model].generator
          let leak = 1 + 0.4 * generator.normal()
          return queries.map { zip($0, shadowModels.masks[model]).map { $0 + ($1 ? leak : 0) } }
        }, kind)
      let found = try PrivacyEvaluation.evaluate(shadowModels: shadowModels, attacks: [.lossThreshold], key: key)
      let area = try #require(found.attacks[0].overall.areaUnderCurve.value)
      if try #require(area.interval.value).contains(truth) { covered += 1 }
      if try #require(found.attacks[0].control.value?.interval.value).contains(0.5) { byClusters += 1 }
    }
    // 93 % of 120 is 111.6; three standard errors of chance below it are 103.
    #expect(covered >= 103)
    #expect(byClusters >= 103)
  }
}

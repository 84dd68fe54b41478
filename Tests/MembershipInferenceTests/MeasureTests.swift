import MembershipInference
import Metrics
import Support
import TestSupport
import Testing

@Suite struct MeasureTests {
  @Test("The score of a confident model stays finite where its probability rounds to 1")
  func score() throws {
    let logits = try Logits(values: [12, -3, 0.5, 40], count: 1, classes: 4)
    let score = MembershipScore.logitScaled(logits, item: 0, label: 3)
    #expect(isClose(score, 27.9999896, 1e-8))
    #expect(MembershipScore.loss(ofScore: score) > 0)
    #expect(MembershipScore.loss(ofScore: -800) == 800)
  }

  @Test("Ties count half in the area under the curve")
  func ties() {
    #expect(areaUnderCurve(scores: [0.5, 0.5, 0.2, 0.9], membership: [false, true, false, true]) == 0.875)
    #expect(areaUnderCurve(scores: [1, 1, 1, 1, 1], membership: [false, true, false, true, true]) == 0.5)
    #expect(areaUnderCurve(scores: [1, 2], membership: [true, true]) == nil)
  }

  @Test("The area under the curve is the share of pairs in the right order")
  func areaByBruteForce() throws {
    var generator = RandomKey(seed: 41)["scores"].generator
    for _ in 0..<30 {
      let membership = (0..<40).map { $0 == 0 || ($0 > 1 && generator.uniform() < 0.4) }
      let scores = membership.map { Double(generator.index(below: 12)) + ($0 ? 2 : 0) }
      var right = 0.0
      var pairs = 0.0
      for first in 0..<40 where membership[first] {
        for second in 0..<40 where !membership[second] {
          pairs += 1
          right += scores[first] > scores[second] ? 1 : scores[first] == scores[second] ? 0.5 : 0
        }
      }
      let area = try #require(areaUnderCurve(scores: scores, membership: membership))
      #expect(isClose(area, right / pairs))
      let opposite = try #require(areaUnderCurve(scores: scores.map { -$0 }, membership: membership))
      #expect(isClose(area + opposite, 1))
    }
  }

  @Test("The true positive rate is taken at the largest attainable false positive rate, ties in one step")
  func operatingPoint() throws {
    // Ten non-members; one shares the second highest score with two members.
    let scores = [9.0, 8, 8, 8, 5, 4, 3, 3, 2, 2, 1, 1, 0, 0]
    let membership = [true, true, true, false, true] + Array(repeating: false, count: 9)
    let none = try #require(truePositiveRate(scores: scores, membership: membership, atFalsePositiveRate: 0.05))
    #expect(none == (0.25, 0))
    let tenth = try #require(truePositiveRate(scores: scores, membership: membership, atFalsePositiveRate: 0.1))
    #expect(tenth == (1, 0.1))
    let between = try #require(truePositiveRate(scores: scores, membership: membership, atFalsePositiveRate: 0.39))
    #expect(between == (1, 0.2))
  }

  @Test("The score that an attack reads is not the target's partner's")
  func partnerIsLeftOut() throws {
    var shadowModels = Fixture.directShadowModels(items: 40, leak: { _ in 1 }, seed: 42)
    func scores() throws -> [Double] {
      guard case .direct(let scores, _) = shadowModels.scores else { return [] }
      return LikelihoodRatioAttack.scores(
        target: 4,
        shadows: ShadowSelection(models: shadowModels.design.shadows(of: 4, models: 8), masks: shadowModels.masks),
        scores: [scores.map { $0[0] }])
    }
    func replaceScores(ofModel model: Int) {
      guard case .direct(var scores, let kind) = shadowModels.scores else { return }
      scores[model] = [Array(repeating: 1e3, count: 40)]
      shadowModels.scores = .direct(scores, kind)
    }
    let before = try scores()
    replaceScores(ofModel: 5)
    #expect(try scores() == before)
    replaceScores(ofModel: 3)
    #expect(try scores() != before)
  }

  @Test("Models that agree to the last bit leave nothing to tell apart")
  func noVariance() {
    let masks = (0..<6).map { model in (0..<8).map { ($0 + model / 2) % 2 == model % 2 } }
    let scores = Array(repeating: (0..<8).map(Double.init), count: 6)
    let found = LikelihoodRatioAttack.scores(
      target: 0, shadows: ShadowSelection(models: [2, 3, 4, 5], masks: masks), scores: [scores])
    #expect(found.allSatisfy { $0 == 0 })
  }

  @Test(
    "The offline likelihood ratio grows without bound where a normal probability is 1",
    arguments: [
      (-3.0, -2.0), (5.0, 2.0), (80.0, 39.5),
    ])
  func offline(score: Double, expected: Double) {
    #expect(LikelihoodRatioAttack.standardized(score, mean: 1, deviation: 2) == expected)
  }

  @Test("The relative membership attack gives the shares of the worked example")
  func relativeMembership() {
    func ratios(_ target: [Double], _ out: [[Double]]) -> [Double] {
      zip(target, out).map {
        RelativeMembershipAttack.ratio($0, meanOut: $1.reduce(0, +) / Double($1.count), a: 0.3)
      }
    }
    let own = ratios([0.9, 0.6, 0.3], [[0.5, 0.7], [0.6, 0.6], [0.4, 0.2]])
    let population = ratios([0.8, 0.5, 0.2, 0.7], [[0.8, 0.8], [0.6, 0.4], [0.1, 0.3], [0.9, 0.9]])
    #expect(RelativeMembershipAttack.shares(ratios: own, population: population, gamma: 1) == [1, 0.75, 0.25])
  }

  @Test("A loss that fell over the epochs has a wide interquartile range, one that stood still none")
  func lossTrace() {
    let trace = [[4.0, 2], [3, 2], [2, 2], [1, 2], [0, 2]]
    #expect(LossTraceAttack.scores(trace: trace) == [2, 0])
  }
}

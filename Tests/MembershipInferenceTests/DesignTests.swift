import MembershipInference
import Metrics
import Statistics
import Support
import Testing

@Suite struct DesignTests {
  private static let all: [Attack] = [
    .likelihoodRatio(), .likelihoodRatio(LikelihoodRatioOptions(center: .median, variance: .perItem)),
    .offlineLikelihoodRatio(), .relativeMembership(), .lossThreshold,
  ]

  /// The mean area of shadow models that remember nothing, over the items that have a score.
  private func meanArea(_ attack: Attack, shadowModelsByArm: Int, masks: (_ seed: Int) -> [[Bool]]?) throws -> Double {
    var areas: [Double] = []
    for seed in 500..<500 + shadowModelsByArm {
      let masks = masks(seed)
      let shadowModels = Fixture.directShadowModels(
        items: 120, design: masks == nil ? .symmetric : .independent, leak: { _ in 0 }, masks: masks, seed: seed)
      for (target, scores) in try shadowModels.attackScores(of: attack).enumerated() {
        areas.append(areaUnderCurve(scores: scores, membership: shadowModels.masks[target]) ?? 0.5)
      }
    }
    return areas.reduce(0, +) / Double(areas.count)
  }

  @Test("In a symmetric fleet that remembers nothing every attack is a guess", arguments: all)
  func symmetricNull(attack: Attack) throws {
    #expect(abs(try meanArea(attack, shadowModelsByArm: 40) { _ in nil } - 0.5) < 0.008)
  }

  @Test("Every attack finds a planted leak, and none finds shuffled membership", arguments: all)
  func plantedLeak(attack: Attack) throws {
    let shadowModels = Fixture.directShadowModels(items: 300, leak: { _ in 1.5 }, seed: 31)
    let found = try Fixture.evaluate(shadowModels, attacks: [attack]).attacks[0]
    #expect(try #require(found.overall.areaUnderCurve.value?.interval.value).lower > 0.6)
    #expect(try #require(found.control.value?.interval.value).contains(0.5))
  }

  @Test("The loss trace finds models whose members' losses fell")
  func lossTrace() throws {
    var shadowModels = Fixture.directShadowModels(items: 200, leak: { _ in 0 }, seed: 32)
    #expect(throws: PrivacyError.noLossTraces(arm: "full")) {
      try Fixture.evaluate(shadowModels, attacks: [.lossTrace])
    }
    shadowModels.lossTraces = shadowModels.masks.enumerated().map { model, mask in
      (0..<5).map { epoch in
        var generator = RandomKey(seed: 33)[model][epoch].generator
        return mask.map { 3 + 0.3 * generator.normal() - ($0 ? 0.3 * Double(epoch) : 0) }
      }
    }
    let found = try Fixture.evaluate(shadowModels, attacks: [.lossTrace]).attacks[0].overall
    #expect(try #require(found.areaUnderCurve.value?.interval.value).lower > 0.7)
  }

  @Test("A released model is attacked by shadows that never saw an item, offline and not online")
  func released() throws {
    let key = RandomKey(seed: 34)
    var generator = key.generator
    let none = [Bool](repeating: false, count: 400)
    let target = none.map { _ in generator.uniform() < 0.5 }
    let shadowModels = Fixture.directShadowModels(
      items: 400, design: .released(target: 1), leak: { _ in 1.5 }, masks: [none, target, none, none, none], seed: 34)
    for attack in [Attack.offlineLikelihoodRatio(), .relativeMembership(), .lossThreshold] {
      let found = try Fixture.evaluate(shadowModels, attacks: [attack]).attacks[0].overall
      #expect(try #require(found.areaUnderCurve.value?.interval.value).lower > 0.6)
      #expect(try #require(found.operatingPoints[0].truePositiveRate.value).members == target.count { $0 })
    }
    #expect(
      throws: PrivacyError.tooFewShadows(
        arm: "full", attack: "lira", target: 1, item: 0, isMember: true, found: 0, needed: 2)
    ) { try Fixture.evaluate(shadowModels) }
  }

  @Test("The first models of a larger fleet are a fleet of their own")
  func prefix() throws {
    let whole = Fixture.directShadowModels(models: 12, leak: { _ in 1 }, seed: 35)
    let part = whole.prefix(models: 6)
    #expect(part == Fixture.directShadowModels(models: 6, leak: { _ in 1 }, seed: 35))
    #expect(try Fixture.evaluate(part).models == 6)
    #expect(throws: PrivacyError.tooFewModels(arm: "full", found: 4)) { try Fixture.evaluate(whole.prefix(models: 4)) }
  }

  @Test("A higher confidence level widens every interval, and a level that is none is refused")
  func confidence() throws {
    let shadowModels = Fixture.directShadowModels(leak: { _ in 1 }, seed: 36)
    let widths = try [0.8, 0.95, 0.999, 0.999_999].map { level in
      try #require(
        Fixture.evaluate(shadowModels, confidence: level).attacks[0].overall.areaUnderCurve.value?.interval.value
      ).width
    }
    #expect(zip(widths, widths.dropFirst()).allSatisfy { $0 < $1 })
    #expect(throws: PrivacyError.confidenceOutsideRange(1)) { try Fixture.evaluate(shadowModels, confidence: 1) }
  }

  @Test("Scores that are no log-likelihoods, not finite or missing are refused")
  func scores() throws {
    var shadowModels = Fixture.directShadowModels(items: 20, leak: { _ in 0 }, seed: 37)
    guard case .direct(var scores, _) = shadowModels.scores else { return }
    scores = scores.map { $0.map { $0.map { -abs($0) } } }
    scores[2][0][3] = 0.5
    shadowModels.scores = .direct(scores, .logLikelihood)
    #expect(throws: PrivacyError.positiveLogLikelihood(arm: "full", model: 2, item: 3, score: 0.5)) {
      try Fixture.evaluate(shadowModels)
    }
    scores[2][0][3] = .infinity
    shadowModels.scores = .direct(scores, .logitScaled)
    #expect(throws: PrivacyError.nonFiniteScore(arm: "full", model: 2, item: 3)) { try Fixture.evaluate(shadowModels) }
    scores[2] = []
    shadowModels.scores = .direct(scores, .logitScaled)
    #expect(
      throws: PrivacyError.countMismatch(
        arm: "full", what: "queries of every item in model 2", expected: 1, found: 0)
    ) { try Fixture.evaluate(shadowModels) }
    shadowModels.design = .released(target: 8)
    #expect(throws: PrivacyError.noSuchTarget(arm: "full", target: 8, models: 8)) { try Fixture.evaluate(shadowModels) }
  }

  @Test("No attack, or one twice, is refused")
  func attacks() throws {
    let shadowModels = Fixture.directShadowModels(items: 20, leak: { _ in 0 }, seed: 38)
    #expect(throws: PrivacyError.noAttacks(arm: "full")) { try Fixture.evaluate(shadowModels, attacks: []) }
    #expect(throws: PrivacyError.repeatedAttack(arm: "full", attack: "loss")) {
      try Fixture.evaluate(shadowModels, attacks: [.lossThreshold, .lossThreshold])
    }
  }
}

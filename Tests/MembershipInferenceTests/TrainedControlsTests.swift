import MembershipInference
import Metrics
import Statistics
import Support
import Testing

/// What must hold of models that are really trained, whatever the figures are.
@Suite struct TrainedControlsTests {
  private static let attacks: [Attack] = [
    .likelihoodRatio(), .offlineLikelihoodRatio(), .relativeMembership(), .lossThreshold,
  ]

  private func interval(_ area: Measured<Estimate>) throws -> Interval {
    try #require(area.value?.interval.value)
  }

  @Test("Every attack finds what models remember that were trained for long, and nothing under shuffled membership")
  func memory() throws {
    let study = LogisticStudy(items: 200, seed: 1)
    for found in try study.evaluate(study.shadowModels(epochs: 30), attacks: Self.attacks) {
      #expect(try interval(found.overall.areaUnderCurve).lower > 0.55, "\(found.attack.text)")
      #expect(try interval(found.control).contains(0.5), "\(found.attack.text)")
    }
  }

  @Test("Models that were trained on other items than their masks say leak nothing")
  func otherItems() throws {
    // Sixteen masks say who is taken for a member, sixteen others what models are trained on.
    let study = LogisticStudy(items: 400, seed: 2)
    let masks = study.masks(models: 32)
    let (own, others) = (Array(masks.prefix(16)), Array(masks.suffix(16)))
    let shadowModels = try study.shadowModels(epochs: 60, masks: own, trainedOn: others)
    for found in try study.evaluate(shadowModels, attacks: Self.attacks) {
      #expect(try interval(found.overall.areaUnderCurve).contains(0.5), "\(found.attack.text)")
    }
  }

  @Test("Attacks grow stronger with epochs, compared in pairs on the same items and masks")
  func epochs() throws {
    let study = LogisticStudy(items: 200, seed: 3)
    let arms = [1, 3, 10, 30]
    let result = try PrivacyStudy.evaluate(
      shadowModelsByArm: arms.map { try study.shadowModels(arm: "\($0)", epochs: $0) },
      attacks: { _ in [.likelihoodRatio(), .lossThreshold] },
      comparisons: zip(arms, arms.dropFirst()).map { ArmComparison(arm: "\($1)", reference: "\($0)") },
      rule: PrivacyRule(margin: 0.03, minimumGroupSize: 20), key: RandomKey(seed: 3))
    let differences = result.comparisons.filter {
      $0.measure == .areaUnderCurve && $0.group == nil && $0.attack == .likelihoodRatio()
    }
    #expect(differences.count == 3)
    for difference in differences {
      #expect(try #require(difference.difference.value).interval.lower > 0, "\(difference.arm)")
    }
  }

  @Test("The loss trace tells members while losses fall; of models trained for long it points the wrong way")
  func lossTrace() throws {
    // Once every model fits its members, it is the losses of other items that go on changing.
    let study = LogisticStudy(items: 200, seed: 1)
    let few = try study.evaluate(study.shadowModels(epochs: 3), attacks: [.lossTrace])[0]
    #expect(try interval(few.overall.areaUnderCurve).lower > 0.5)
    #expect(try interval(few.control).contains(0.5))
    let many = try study.evaluate(study.shadowModels(epochs: 100), attacks: [.lossTrace])[0]
    #expect(try interval(many.overall.areaUnderCurve).upper < 0.5)
  }

  @Test("Attacks grow weaker with data")
  func data() throws {
    let intervals = try [100, 400, 1_600].map { items in
      let study = LogisticStudy(items: items, seed: 4)
      let found = try study.evaluate(study.shadowModels(models: 8, epochs: 30), attacks: [.likelihoodRatio()])
      return try interval(found[0].overall.areaUnderCurve)
    }
    for (fewer, more) in zip(intervals, intervals.dropFirst()) { #expect(fewer.lower > more.upper) }
  }

  @Test("The group that has few items is remembered most, and is ranked so; of two equal groups neither is")
  func rareGroup() throws {
    let study = LogisticStudy(items: 400, rare: 0.12, seed: 5)
    for found in try study.evaluate(study.shadowModels(epochs: 30), attacks: [.likelihoodRatio(), .lossThreshold]) {
      let spread = try #require(found.disparities.first { $0.measure == .areaUnderCurve }?.spread.value)
      #expect(spread.highest == "rare" && spread.test.pValue < 0.01, "\(found.attack.text)")
      #expect(spread.value > spread.test.expectedUnderNoDifference)
    }
    let equal = LogisticStudy(items: 400, rare: 0.5, seed: 5)
    let found = try equal.evaluate(equal.shadowModels(epochs: 30), attacks: [.likelihoodRatio()])[0]
    #expect(try #require(found.disparities.first?.spread.value).test.pValue > 0.01)
  }

  @Test("A released model is found by shadow models that never saw the items, and not where it did not see them either")
  func released() throws {
    let study = LogisticStudy(items: 400, seed: 6)
    // The first 200 items are audited; the others are there for whoever must not see them.
    var generator = RandomKey(seed: 6)["released"].generator
    let audited = (0..<400).map { $0 % 2 == 0 }
    let members = audited.map { $0 && generator.uniform() < 0.5 }
    let none = audited.map { _ in false }
    let shadows = (0..<12).map { _ in audited.map { !$0 && generator.uniform() < 0.5 } }
    let other = audited.map { !$0 && generator.uniform() < 0.5 }
    let kept = audited.indices.filter { audited[$0] }
    let attacks: [Attack] = [.offlineLikelihoodRatio(), .relativeMembership(), .lossThreshold]
    for (trainedOn, leaks) in [(members, true), (other, false)] {
      let shadowModels = try study.shadowModels(
        epochs: 60, design: .released(target: 0), masks: [members] + shadows.map { _ in none },
        trainedOn: [trainedOn] + shadows
      ).restricted(to: kept)
      for found in try study.evaluate(shadowModels, attacks: attacks) {
        let area = try interval(found.overall.areaUnderCurve)
        #expect(leaks ? area.lower > 0.5 : area.contains(0.5), "\(found.attack.text) \(area)")
      }
    }
  }
}

extension ShadowModels {
  /// Some of the items alone, without groups.
  fileprivate func restricted(to items: [Int]) throws -> ShadowModels {
    guard case .logits(let logits) = scores else { return self }
    var shadowModels = self
    shadowModels.masks = masks.map { mask in items.map { mask[$0] } }
    shadowModels.scores = .logits(
      try logits.map { queries in
        try queries.map { query in
          try Logits(
            values: items.flatMap { item in
              [Float(0), Float(MembershipScore.logitScaled(query, item: item, label: 1))]
            }, count: items.count, classes: 2)
        }
      })
    shadowModels.lossTraces = nil
    shadowModels.labels = items.map { labels[$0] }
    shadowModels.clusters = items.map { clusters[$0] }
    shadowModels.groups = []
    return shadowModels
  }
}

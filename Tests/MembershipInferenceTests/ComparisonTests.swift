import Foundation
import MembershipInference
import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct ComparisonTests {
  private static let pair = ArmComparison(arm: "lora", reference: "full")

  /// Two arms on the same items and masks.
  private func study(
    models: Int = 8, items: Int = 200, lora: Double, full: Double, margin: Double = 0.03, groups: Int = 2,
    minimum: Int = 20, minimumClusters: Int = 10, confidence: Double = 0.95, seed: Int
  ) throws -> PrivacyStudy {
    let subgroups = Fixture.groups(groups, items: items)
    let reference = Fixture.directShadowModels(
      models: models, items: items, leak: { _ in full }, groups: subgroups, seed: seed)
    let arm = Fixture.directShadowModels(
      arm: "lora", models: models, items: items, leak: { _ in lora }, groups: subgroups, masks: reference.masks,
      seed: seed)
    return try PrivacyStudy.evaluate(
      shadowModelsByArm: [arm, reference], attacks: { _ in [.lossThreshold] }, comparisons: [Self.pair],
      rule: PrivacyRule(
        attack: .lossThreshold, margin: margin, minimumGroupSize: minimum, minimumClusters: minimumClusters),
      confidence: confidence, key: RandomKey(seed: seed))
  }

  private func declared(_ study: PrivacyStudy) -> [PrivacyComparison] { study.comparisons.filter(\.isInFamily) }

  @Test("A difference is the arm's figure minus the reference's, for every figure, over all items and by group")
  func difference() throws {
    let study = try study(lora: 0.5, full: 1.5, seed: 61)
    #expect(study.comparisons.count == 4 * 3 && study.familySize == 2)
    for comparison in study.comparisons {
      let measures = study.evaluations.map { evaluation in
        comparison.group.map { name in evaluation.attacks[0].groups.first { $0.group == name } }
          ?? evaluation.attacks[0].overall
      }
      guard let found = comparison.difference.value else { continue }
      let values = try measures.map { try #require($0?.value(comparison.measure)) }
      #expect(isClose(found.value, values[0] - values[1]))
      #expect(found.interval.contains(found.value))
    }
  }

  @Test("Pairs are resampled together: the interval is narrower than that of two arms apart")
  func paired() throws {
    let study = try study(lora: 0.8, full: 0.8, seed: 62)
    let difference = try #require(study.comparisons[0].difference.value)
    let apart = try study.evaluations.map {
      try #require($0.attacks[0].overall.areaUnderCurve.value?.interval.value).width
    }
    #expect(difference.interval.width < (apart[0] * apart[0] + apart[1] * apart[1]).squareRoot())
  }

  @Test("At another level than 95 % a difference is confirmed by a p-value below what is left of that level")
  func level() throws {
    var onlyAtTheLowerLevel = 0
    for (seed, leak) in zip(70..<82, [0.7, 0.8, 0.9, 1, 1.1, 1.2, 0.7, 0.8, 0.9, 1, 1.1, 1.2]) {
      func found(_ confidence: Double) throws -> [VulnerabilityDifference] {
        let study = try study(lora: leak, full: 0.6, margin: 0.001, confidence: confidence, seed: seed)
        #expect(study.rule?.confidence == confidence)
        return declared(study).compactMap(\.difference.value)
      }
      for (lower, higher) in zip(try found(0.95), try found(0.999)) {
        let p = try #require(lower.adjustedPValue.value)
        #expect(lower.interval.width < higher.interval.width)
        #expect((higher.verdict == .differenceConfirmed) == (p < 0.001 && higher.verdict != .withinMargin))
        if lower.verdict == .differenceConfirmed, higher.verdict != .differenceConfirmed { onlyAtTheLowerLevel += 1 }
      }
    }
    #expect(onlyAtTheLowerLevel > 0)
  }

  @Test("Two arms of which one finds what the other finds foretell no number of items")
  func equalArms() throws {
    for comparison in declared(try study(items: 60, lora: 50, full: 50, minimum: 10, seed: 68)) {
      let found = try #require(comparison.difference.value)
      #expect(found.standardError == 0 && found.value == 0)
      guard found.verdict == .notEnoughData(because: .intervalTooWide, more: MoreData()) else {
        Issue.record("\(found.verdict)")
        continue
      }
    }
  }

  @Test("An arm that leaks more is worse, one that leaks as little is within the margin, few data undecided")
  func verdicts() throws {
    let worse = declared(try study(items: 300, lora: 2.5, full: 0, seed: 63))
    #expect(worse.allSatisfy { $0.difference.value?.verdict == .differenceConfirmed })
    #expect(worse.allSatisfy { ($0.difference.value?.value ?? 0) > 0 })
    let same = declared(try study(items: 600, lora: 1, full: 1, margin: 0.1, seed: 64))
    #expect(same.allSatisfy { $0.difference.value?.verdict == .withinMargin })
    let better = declared(try study(lora: 0, full: 2.5, seed: 65))
    #expect(better.allSatisfy { $0.difference.value?.verdict == .withinMargin })
    let few = declared(try study(items: 60, lora: 0.4, full: 0.2, margin: 0.001, minimum: 10, seed: 66))
    for comparison in few {
      guard case .notEnoughData(.intervalTooWide, let more) = comparison.difference.value?.verdict else {
        Issue.record("the verdict of few data is \(String(describing: comparison.difference.value?.verdict))")
        continue
      }
      #expect(more.items ?? 1 > 0)
    }
  }

  /// Those of groups by the rule's attack and figure.
  private func ofGroups(_ study: PrivacyStudy) throws -> [PrivacyComparison] {
    let rule = try #require(study.rule)
    return study.comparisons.filter(rule.declares)
  }

  @Test(
    "A group with too few items or clusters gets no verdict, is not in the family, and hears how many items it lacks")
  func smallGroups() throws {
    let small = try study(items: 60, lora: 2, full: 0, minimum: 50, seed: 67)
    #expect(small.familySize == 0)
    for comparison in try ofGroups(small) {
      #expect(
        comparison.difference.value?.verdict
          == .notEnoughData(because: .belowMinimumSize(minimum: 50), more: MoreData(items: 20)))
    }
    let few = try study(items: 60, lora: 2, full: 0, minimum: 20, minimumClusters: 40, seed: 67)
    for comparison in try ofGroups(few) {
      #expect(
        comparison.difference.value?.verdict
          == .notEnoughData(because: .belowMinimumClusters(minimum: 40), more: MoreData(items: 10)))
    }
  }

  @Test("Tiny groups beside a real harm do not take its confirmation away")
  func tinyGroups() throws {
    func found(tiny: Int) throws -> PrivacyComparison {
      // 200 items, and villages of 5 beside them.
      let items = 200 + 5 * tiny
      let groups =
        [Subgroup(column: "place", value: "town", items: Array(0..<200))]
        + (0..<tiny).map { village in
          Subgroup(column: "place", value: "village \(village)", items: Array(200 + 5 * village..<205 + 5 * village))
        }
      let reference = Fixture.directShadowModels(
        models: 12, items: items, leak: { _ in 0.5 }, groups: groups, seed: 77)
      let arm = Fixture.directShadowModels(
        arm: "lora", models: 12, items: items, leak: { $0 < 200 ? 1.1 : 0.5 }, groups: groups, masks: reference.masks,
        seed: 77)
      let study = try PrivacyStudy.evaluate(
        shadowModelsByArm: [arm, reference], attacks: { _ in [.lossThreshold] }, comparisons: [Self.pair],
        rule: PrivacyRule(attack: .lossThreshold, margin: 0.03, minimumGroupSize: 50), key: RandomKey(seed: 1))
      #expect(study.familySize == 1)
      return try #require(try ofGroups(study).first)
    }
    let found = try found(tiny: 60)
    let difference = try #require(found.difference.value)
    #expect(difference.adjustedPValue.value == difference.pValue)
    #expect(difference.verdict == .differenceConfirmed)
  }

  @Test("What is missing is items where clusters vary most, and pairs of models where models do")
  func missing() throws {
    func more(spread: Double, seed: Int) throws -> [MoreData] {
      func leaks(_ arm: Double) -> [Double] { (0..<8).map { arm + ($0 / 2 % 2 == 0 ? spread : -spread) } }
      let full = Fixture.directShadowModels(
        items: 400, leak: { _ in 0 }, groups: Fixture.groups(1, items: 400), seed: seed)
      func shadowModels(_ name: String, _ leaks: [Double]) -> ShadowModels {
        var found = Fixture.directShadowModels(
          arm: name, items: 400, leak: { _ in 0 }, groups: full.groups, masks: full.masks, seed: seed)
        guard case .direct(let scores, let kind) = found.scores else { return found }
        found.scores = .direct(
          scores.enumerated().map { model, queries in
            queries.map { zip($0, full.masks[model]).map { $0 + ($1 ? leaks[model] : 0) } }
          }, kind)
        return found
      }
      let study = try PrivacyStudy.evaluate(
        shadowModelsByArm: [shadowModels("lora", leaks(1.1)), shadowModels("full", [Double](repeating: 1, count: 8))],
        attacks: { _ in [.lossThreshold] }, comparisons: [Self.pair],
        rule: PrivacyRule(attack: .lossThreshold, margin: 0.001, minimumGroupSize: 50), key: RandomKey(seed: seed))
      return try ofGroups(study).compactMap {
        guard case .notEnoughData(.intervalTooWide, let more) = $0.difference.value?.verdict else { return nil }
        return more
      }
    }
    let unequal = try (90..<96).flatMap { try more(spread: 1, seed: $0) }
    #expect(unequal.contains { $0.modelPairs != nil })
    #expect(unequal.allSatisfy { $0.items == nil && $0.modelPairs ?? 1 >= 1 })
    let equal = try (90..<110).flatMap { try more(spread: 0, seed: $0) }
    #expect(equal.contains { $0.items != nil && $0.modelPairs == nil })
  }

  @Test("Holm's correction is over the declared family alone")
  func family() throws {
    let study = try study(lora: 0.9, full: 0.6, groups: 4, seed: 68)
    let family = declared(study)
    #expect(family.count == 4 && study.familySize == 4)
    #expect(family.allSatisfy { $0.group != nil && $0.measure == .areaUnderCurve })
    let adjusted = holmAdjusted(family.compactMap { $0.difference.value?.pValue })
    #expect(family.compactMap { $0.difference.value?.adjustedPValue.value } == adjusted)
  }

  @Test("Intervals cover a true difference of none, and the test rejects it as seldom as it should")
  func coverage() throws {
    var covered = 0
    var rejected = 0
    let runs = 100
    for seed in 0..<runs {
      let found = try #require(
        study(models: 6, items: 80, lora: 1, full: 1, groups: 1, seed: 800 + seed).comparisons[0].difference.value)
      if found.interval.contains(0) { covered += 1 }
      if found.pValue < 0.05 { rejected += 1 }
    }
    #expect(covered >= 88)
    #expect(rejected <= 12)
  }

  @Test("Intervals of the area and of a rate cover what a large population gives")
  func coverageOfFigures() throws {
    // Difficulty and noise have variance 1 each: a member's score minus another's has mean 1 and variance 4.
    let truth = NormalDistribution.cumulative(0.5)
    var covered = 0
    for seed in 0..<100 {
      let shadowModels = Fixture.directShadowModels(models: 6, items: 100, leak: { _ in 1 }, seed: 900 + seed)
      let area = try #require(
        Fixture.evaluate(shadowModels, attacks: [.lossThreshold]).attacks[0].overall.areaUnderCurve.value)
      if try #require(area.interval.value).contains(truth) { covered += 1 }
    }
    #expect(covered >= 88)
  }

  @Test("Arms on other masks or items, or without the attack, cannot be compared")
  func refusals() throws {
    let full = Fixture.directShadowModels(leak: { _ in 1 }, seed: 71)
    var lora = Fixture.directShadowModels(arm: "lora", leak: { _ in 1 }, seed: 71)
    func evaluate(_ shadowModelsByArm: [ShadowModels], attack: Attack = .lossThreshold, margin: Double = 0.03) throws
      -> PrivacyStudy
    {
      try PrivacyStudy.evaluate(
        shadowModelsByArm: shadowModelsByArm, attacks: { _ in [.lossThreshold] }, comparisons: [Self.pair],
        rule: PrivacyRule(attack: attack, margin: margin, minimumGroupSize: 1), key: RandomKey(seed: 1))
    }
    #expect(throws: PrivacyError.attackNotRun(arm: "lora", attack: "rmia")) {
      try evaluate([lora, full], attack: .relativeMembership())
    }
    #expect(throws: PrivacyError.unknownArm("full", known: ["lora"])) { try evaluate([lora]) }
    #expect(throws: PrivacyError.repeatedArm("full")) { try evaluate([full, full]) }
    #expect(throws: PrivacyError.marginOutsideRange(1)) { try evaluate([lora, full], margin: 1) }
    lora.groups = Fixture.groups(2, items: 200)
    #expect(throws: PrivacyError.notPaired(arm: "lora", reference: "full", what: "groups")) {
      try evaluate([lora, full])
    }
    lora.masks.swapAt(0, 1)
    #expect(throws: PrivacyError.notPaired(arm: "lora", reference: "full", what: "masks")) {
      try evaluate([lora, full])
    }
  }
}

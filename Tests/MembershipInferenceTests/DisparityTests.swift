import MembershipInference
import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct DisparityTests {
  private func spreads(_ shadowModels: ShadowModels, seed: Int = 1) throws -> [VulnerabilityDisparity] {
    try Fixture.evaluate(shadowModels, attacks: [.lossThreshold], seed: seed).attacks[0].disparities
  }

  @Test("A group that is memorized more is the most vulnerable, and the test says so")
  func plantedGroup() throws {
    let shadowModels = Fixture.directShadowModels(
      items: 400, leak: { $0 % 4 == 2 ? 2.5 : 0.2 }, groups: Fixture.groups(4, items: 400), seed: 51)
    for attack in try Fixture.evaluate(shadowModels, attacks: [.likelihoodRatio(), .lossThreshold]).attacks {
      #expect(
        attack.disparities.map(\.measure) == [
          .areaUnderCurve, .truePositiveRate(limit: 0.1), .truePositiveRate(limit: 0.01),
          .truePositiveRate(limit: 0.001),
        ])
      let spread = try #require(attack.disparities[0].spread.value)
      #expect(spread.highest == "2" && spread.test.pValue < 0.01)
      #expect(spread.value > spread.test.expectedUnderNoDifference)
      #expect(try #require(attack.disparities[1].spread.value).highest == "2")
      #expect(attack.disparities[3].spread.value == nil)
      let areas = try attack.groups.map { try #require($0.areaUnderCurve.value).value }
      #expect(isClose(spread.value, (areas.max() ?? 0) - (areas.min() ?? 0)))
      let rates = attack.groups.compactMap { $0.value(.truePositiveRate(limit: 0.1)) }
      let own = try #require(attack.disparities[1].spread.value)
      #expect(isClose(own.value, (rates.max() ?? 0) - (rates.min() ?? 0)))
    }
  }

  @Test("Where groups do not matter the test rejects as seldom as it should, and the spread is what it expects")
  func size() throws {
    var rejected = 0
    var ratio = 0.0
    let runs = 100
    for seed in 0..<runs {
      let shadowModels = Fixture.directShadowModels(
        models: 6, items: 90, leak: { _ in 1 }, groups: Fixture.groups(3, items: 90), seed: 600 + seed)
      let spread = try #require(spreads(shadowModels, seed: seed)[0].spread.value)
      if spread.test.pValue < 0.1 { rejected += 1 }
      ratio += spread.value / spread.test.expectedUnderNoDifference / Double(runs)
    }
    // The expectation is 10 of 100 with a standard deviation of 3.
    #expect((1...20).contains(rejected))
    #expect(abs(ratio - 1) < 0.15)
  }

  @Test("Labels move with whole clusters: a column that is the cluster's is not tested as if items were free")
  func clusters() throws {
    // Twenty people of ten items each, every person with a leak of their own: groups of people differ by chance.
    var rejected = 0
    for seed in 0..<40 {
      var generator = RandomKey(seed: 700 + seed).generator
      let leaks = (0..<20).map { _ in generator.uniform() < 0.5 ? 0 : 4.0 }
      let masks = (0..<3).flatMap { pair -> [[Bool]] in
        // Five of the ten people of either half.
        let halves = (0..<2).map {
          Set(RandomKey(seed: 700 + seed)["masks"][pair][$0].permutation(count: 10).prefix(5))
        }
        let people = (0..<20).map { halves[$0 % 2].contains($0 / 2) }
        return [(0..<200).map { people[$0 / 10] }, (0..<200).map { !people[$0 / 10] }]
      }
      var shadowModels = Fixture.directShadowModels(
        models: 6, items: 200, leak: { leaks[$0 / 10] },
        groups: (0..<2).map { half in
          Subgroup(column: "half", value: "\(half)", items: (0..<200).filter { $0 / 10 % 2 == half })
        }, masks: masks, seed: 700 + seed)
      shadowModels.clusters = (0..<200).map { $0 / 10 }
      if try #require(spreads(shadowModels, seed: seed)[0].spread.value).test.pValue < 0.1 { rejected += 1 }
    }
    #expect(rejected <= 11)
  }

  @Test("Overlapping tags are measured as each is by itself")
  func overlapping() throws {
    let groups = [
      Subgroup(column: "tag", value: "a", items: Array(0..<120)),
      Subgroup(column: "tag", value: "b", items: Array(80..<200)),
      Subgroup(column: "tag", value: "not b", items: Array(0..<80)),
    ]
    let evaluation = try Fixture.evaluate(
      Fixture.directShadowModels(leak: { Double($0) / 100 }, groups: groups, seed: 52), attacks: [.lossThreshold])
    let areas = try evaluation.attacks[0].groups.map { try #require($0.areaUnderCurve.value).value }
    let spread = try #require(evaluation.attacks[0].disparities[0].spread.value)
    #expect(isClose(spread.value, (areas.max() ?? 0) - (areas.min() ?? 0)))
    #expect(spread.highest == "b")
  }

  @Test("Tied scores are passed in one step in the spread as they are in each group")
  func ties() throws {
    var shadowModels = Fixture.directShadowModels(leak: { _ in 1 }, groups: Fixture.groups(2, items: 200), seed: 53)
    guard case .direct(let scores, let kind) = shadowModels.scores else { return }
    shadowModels.scores = .direct(scores.map { $0.map { $0.map { $0.rounded() } } }, kind)
    let attack = try Fixture.evaluate(shadowModels, attacks: [.lossThreshold]).attacks[0]
    for (disparity, measure) in zip(attack.disparities, [.areaUnderCurve, AttackMeasure.truePositiveRate(limit: 0.1)]) {
      let values = attack.groups.compactMap { $0.value(measure) }
      #expect(isClose(try #require(disparity.spread.value).value, abs(values[0] - values[1])))
    }
  }

  @Test("One group, or groups without a figure, have no spread")
  func undefined() throws {
    let small = [
      Subgroup(column: "tag", value: "a", items: [0]), Subgroup(column: "tag", value: "b", items: [1]),
      Subgroup(column: "tone", value: "x", items: Array(0..<100)),
    ]
    let found = try spreads(Fixture.directShadowModels(leak: { _ in 1 }, groups: small, seed: 54))
    #expect(Set(found.map(\.column)) == ["tag"])
    #expect(found.allSatisfy { $0.spread.value == nil })
  }
}

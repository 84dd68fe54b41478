import MembershipInference
import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct PrivacyEvaluationTests {
  private func area(_ evaluation: AttackEvaluation) throws -> (value: Double, interval: Interval) {
    let estimate = try #require(evaluation.overall.areaUnderCurve.value)
    return (estimate.value, try #require(estimate.interval.value))
  }

  @Test("Models that do not remember give an area of .5 within its interval", arguments: [1, 2, 3])
  func nullFleet(seed: Int) throws {
    for attack in try Fixture.evaluate(Fixture.shadowModels(leak: { _ in 0 }, seed: seed)).attacks {
      let found = try area(attack)
      #expect(found.interval.contains(0.5))
      #expect(abs(found.value - 0.5) < 0.03)
    }
  }

  @Test("Over many null fleets the mean area is .5 and intervals cover it")
  func nullFleets() throws {
    var sum = 0.0
    var covered = 0
    for seed in 0..<60 {
      let shadowModels = try Fixture.shadowModels(people: 60, leak: { _ in 0 }, seed: 100 + seed)
      let found = try area(try Fixture.evaluate(shadowModels).attacks[0])
      sum += found.value / 60
      if found.interval.contains(0.5) { covered += 1 }
    }
    #expect(abs(sum - 0.5) < 0.01)
    #expect(covered >= 53)
  }

  @Test("A planted leak is found by both attacks, best by the likelihood ratio, and shuffled membership is not")
  func plantedLeak() throws {
    let evaluation = try Fixture.evaluate(Fixture.shadowModels(leak: { _ in 1.5 }, seed: 7))
    #expect(evaluation.attacks.map(\.attack) == [.likelihoodRatio(), .lossThreshold])
    let ratio = try area(evaluation.attacks[0])
    let loss = try area(evaluation.attacks[1])
    #expect(ratio.interval.lower > 0.6 && loss.interval.lower > 0.5)
    #expect(ratio.value > loss.value)
    for attack in evaluation.attacks {
      let control = try #require(attack.control.value)
      #expect(try #require(control.interval.value).contains(0.5))
    }
  }

  @Test("The group that leaks is found, with its own threshold and the global one")
  func leakingGroup() throws {
    let rare = Subgroup(column: "tone", value: "rare", items: Array(0..<240))
    let common = Subgroup(column: "tone", value: "common", items: Array(240..<800))
    let shadowModels = try Fixture.shadowModels(
      people: 400, leak: { $0 < 240 ? 2.5 : 0 }, groups: [rare, common], seed: 8)
    let attack = try Fixture.evaluate(shadowModels).attacks[0]
    #expect(attack.groups.map(\.group) == [rare.name, common.name])
    let leaking = try #require(attack.groups[0].areaUnderCurve.value)
    let tight = try #require(attack.groups[1].areaUnderCurve.value)
    #expect(try #require(leaking.interval.value).lower > (try #require(tight.interval.value).upper))
    let points = attack.groups[0].operatingPoints
    #expect(points.map(\.threshold) == [.own, .global, .own, .global, .own, .global])
    #expect(points.map(\.falsePositiveRateLimit) == [0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    let own = try #require(points[0].truePositiveRate.value)
    #expect(own.attainedFalsePositiveRate <= 0.1 && own.value > 0.3)
    #expect(own.interval.contains(own.value))
    #expect(own.members + own.nonMembers == 240 * 8)
    #expect(try #require(points[1].truePositiveRate.value).value > 0.3)
  }

  @Test("A rate below what the non-members can resolve is undefined and says how many there are")
  func resolution() throws {
    let shadowModels = try Fixture.shadowModels(
      people: 130, leak: { _ in 1 }, groups: [Subgroup(column: "tone", value: "rare", items: Array(0..<60))], seed: 9)
    let attack = try Fixture.evaluate(shadowModels).attacks[0]
    let points = attack.overall.operatingPoints
    #expect(points.map { $0.truePositiveRate.value != nil } == [true, true, false])
    let fewest = attack.overall.fewestNonMembers
    #expect(fewest >= 100 && fewest <= 130)
    #expect(
      points[2].truePositiveRate
        == .undefined(
          reason: "\(fewest) non-members; 1000 are needed before one false positive is within the limit", n: fewest))
    let group = attack.groups[0].operatingPoints
    #expect(group.first { $0.falsePositiveRateLimit == 0.01 && $0.threshold == .own }?.truePositiveRate.value == nil)
    #expect(group.first { $0.falsePositiveRateLimit == 0.01 && $0.threshold == .global }?.truePositiveRate.value != nil)
  }

  @Test("A curve rises from its resolution to 1 on the same rates for every fleet")
  func curve() throws {
    let overall = try Fixture.evaluate(Fixture.shadowModels(leak: { _ in 1.5 }, seed: 10)).attacks[0].overall
    let curve = overall.curve
    #expect(curve.last?.falsePositiveRate == 1 && curve.last?.truePositiveRate == 1)
    #expect(try #require(curve.first).falsePositiveRate * Double(overall.fewestNonMembers) >= 1 - 1e-9)
    for (point, next) in zip(curve, curve.dropFirst()) {
      #expect(point.falsePositiveRate < next.falsePositiveRate && point.truePositiveRate <= next.truePositiveRate)
    }
    let tenth = try #require(overall.operatingPoints[0].truePositiveRate.value)
    let onCurve = try #require(curve.first { isClose($0.falsePositiveRate, 0.1) })
    #expect(isClose(onCurve.truePositiveRate, tenth.value))
  }

  @Test("A perfect attack is not certain: its interval is that of the clusters seen")
  func perfectAttack() throws {
    let shadowModels = try Fixture.shadowModels(people: 30, leak: { _ in 500 }, seed: 11)
    let found = try area(try Fixture.evaluate(shadowModels).attacks[0])
    #expect(found.value == 1 && found.interval.upper == 1)
    #expect(isClose(found.interval.lower, Interval.clopperPearson(successes: 15, n: 15).lower))
  }

  @Test("A group with members only is undefined in that target, not 0 or 1")
  func oneSidedGroup() throws {
    let shadowModels = try Fixture.shadowModels(
      people: 50, leak: { _ in 1 }, groups: [Subgroup(column: "person", value: "0", items: [0, 1])], seed: 12)
    let group = try Fixture.evaluate(shadowModels).attacks[0].groups[0]
    #expect(group.areaUnderCurve.value == nil && group.curve.isEmpty)
    #expect(group.operatingPoints.allSatisfy { $0.truePositiveRate.value == nil })
  }

  @Test("The numbers of clusters and the order of groups do not change an attack")
  func relabelling() throws {
    let groups = [
      Subgroup(column: "tone", value: "a", items: Array(0..<60)),
      Subgroup(column: "tone", value: "b", items: Array(30..<120)),
    ]
    var shadowModels = try Fixture.shadowModels(people: 60, leak: { _ in 1 }, groups: groups, seed: 13)
    let before = try Fixture.evaluate(shadowModels)
    #expect(try Fixture.evaluate(shadowModels) == before)
    shadowModels.clusters = shadowModels.clusters.map { 900 - 3 * $0 }
    shadowModels.groups.reverse()
    let after = try Fixture.evaluate(shadowModels)
    #expect(after.attacks[0].overall == before.attacks[0].overall)
    #expect(after.attacks[0].groups == before.attacks[0].groups.reversed())
  }
}

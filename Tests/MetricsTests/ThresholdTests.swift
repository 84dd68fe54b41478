import Foundation
import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct ThresholdTests {
  /// Items of two groups: in b the model states half the odds that it should.
  private func predictions(_ count: Int, stream: String) throws -> (labels: [Int], groups: [Subgroup], logits: Logits) {
    var generator = RandomKey(seed: 8)[stream].generator
    var (labels, values): ([Int], [Float]) = ([], [])
    for item in 0..<count {
      let score = 2 * generator.normal()
      labels.append(generator.uniform() < 1 / (1 + exp(-score)) ? 1 : 0)
      values += [0, Float(item % 2 == 0 ? score : score - 2)]
    }
    return (
      labels, Fixture.groups("column", (0..<count).map { $0 % 2 == 0 ? "a" : "b" }),
      try Logits(values: values, count: count, classes: 2)
    )
  }

  private func evaluate(validationItems: Int = 4_000, minimum: Int = 20) throws -> (ThresholdEvaluation, ArmEvaluation)
  {
    let (test, validation) = (
      try predictions(6_000, stream: "test"), try predictions(validationItems, stream: "validation")
    )
    func arm(_ logits: Logits) -> ArmPredictions {
      ArmPredictions(arm: "full", runs: [RunPredictions(seed: 1, logits: logits)])
    }
    let found = try FairnessEvaluation.evaluate(
      items: Fixture.items(labels: test.labels, groups: test.groups), arms: [arm(test.logits)], comparisons: [],
      rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: minimum),
      validation: ValidationPredictions(
        labels: validation.labels, arms: [arm(validation.logits)], groups: validation.groups),
      key: RandomKey(seed: 1)
    ).arms[0]
    return (try #require(found.thresholds.value), found)
  }

  private func choice(_ rule: ThresholdRule, _ group: String, in found: ThresholdEvaluation) throws
    -> ChosenThreshold.Chosen
  {
    try #require(found.choices.first { $0.rule == rule && $0.group?.value == group }?.chosen.value)
  }

  @Test("A group's own threshold undoes a shift of its scores, and equal opportunity brings its true positive rate up")
  func planted() throws {
    let (found, arm) = try evaluate()
    // Log odds that are 2 too low: the threshold that undoes it is 1 / (1 + e²) = .119.
    #expect(abs(try choice(.ownAccuracy, "b", in: found).thresholds[0] - 0.12) < 0.05)
    #expect(abs(try choice(.ownAccuracy, "a", in: found).thresholds[0] - 0.5) < 0.12)
    let before = arm.overSeeds.groups[1]
    let own = try choice(.ownAccuracy, "b", in: found).rates
    #expect(own.accuracy.value > before.accuracy.value + 0.03)
    let fair = try choice(.equalOpportunity, "b", in: found).rates
    let overall = try #require(found.choices.first { $0.rule == .common && $0.group == nil }?.chosen.value).rates
    let (rate, wanted) = (try #require(fair.truePositiveRate.value), try #require(overall.truePositiveRate.value))
    #expect(abs(rate.value - wanted.value) < 0.03)
    #expect(rate.value > (try #require(before.truePositiveRate.value)).value)
  }

  @Test("A sweep falls with the threshold, and agrees with the rates at a half")
  func sweep() throws {
    let (found, arm) = try evaluate()
    #expect(found.sweeps.map(\.group?.value) == [nil, "a", "b"] && found.validationItems == 4_000)
    for (sweep, rates) in zip(found.sweeps, [arm.overSeeds.overall] + arm.overSeeds.groups) {
      for (one, next) in zip(sweep.points, sweep.points.dropFirst()) {
        #expect(one.threshold < next.threshold && one.selectionRate >= next.selectionRate)
        #expect(try #require(one.truePositiveRate.value) >= #require(next.truePositiveRate.value))
        #expect(try #require(one.falsePositiveRate.value) >= #require(next.falsePositiveRate.value))
      }
      let half = try #require(sweep.points.first { $0.threshold == 0.5 })
      #expect(isClose(half.accuracy, rates.accuracy.value))
      #expect(isClose(try #require(half.truePositiveRate.value), try #require(rates.truePositiveRate.value).value))
      #expect(isClose(half.selectionRate, try #require(rates.selectionRate.value).value))
    }
  }

  @Test("Too few validation items choose no threshold for a group, and say how many there are")
  func tooFew() throws {
    let (found, _) = try evaluate(validationItems: 60, minimum: 50)
    let own = found.choices.filter { $0.rule == .ownAccuracy }
    #expect(
      own.map(\.chosen)
        == Array(
          repeating: .undefined(
            reason: "30 validation items are too few to choose a threshold on, minimum 50", n: 30), count: 2))
    #expect(found.choices.filter { $0.rule == .common }.allSatisfy { $0.chosen.value != nil })
  }

  @Test("Without validation items, or with three classes, there are no thresholds, and why is said")
  func undefined() throws {
    let arm = try Fixture.arm("full", [[0, 1, 1]])
    #expect(
      try Fixture.evaluate(Fixture.items(labels: [0, 1, 0]), [arm]).arms[0].thresholds
        == .undefined(reason: "there are no validation items to choose a threshold on", n: 0))
    let three = try Fixture.evaluate(
      Fixture.items(labels: [0, 1, 2], classes: 3, positiveClass: nil),
      [try Fixture.arm("full", [[0, 1, 1]], classes: 3)])
    #expect(
      three.arms[0].thresholds == .undefined(reason: "thresholds are of two classes, one of them positive", n: 3))
  }
}

import Metrics
import Statistics
import Support
import Testing

@Suite struct EvaluationErrorTests {
  private let items = Fixture.items(labels: [0, 1, 1, 0])

  private func expect(_ error: EvaluationError, from items: EvaluationItems, _ arms: [ArmPredictions]) {
    #expect(throws: error) { try Fixture.evaluate(items, arms) }
    #expect(!error.description.isEmpty)
  }

  @Test("A logit that is not finite is an error that names arm, seed and item", arguments: [Float.nan, .infinity])
  func nonFinite(value: Float) throws {
    let logits = try Logits(values: [0, 1, 0, 1, value, 1, 0, 1], count: 4, classes: 2)
    expect(
      .nonFiniteLogit(arm: "full", seed: 13, item: "item-2"), from: items,
      [ArmPredictions(arm: "full", runs: [RunPredictions(seed: 13, logits: logits)])])
  }

  @Test("Items, labels, classes and groups that do not agree are errors")
  func disagreeingItems() throws {
    let arm = try Fixture.arm("full", [[0, 1, 1, 0]])
    expect(.noItems, from: Fixture.items(labels: []), [arm])
    expect(.noArms, from: items, [])
    expect(
      .labelOutsideClasses(item: "item-1", label: 5, classes: 2), from: Fixture.items(labels: [0, 5, 1, 0]), [arm])
    expect(.tooFewClasses(found: 1), from: Fixture.items(labels: [0, 0], classes: 1), [arm])
    var odd = items
    odd.clusters = [1]
    expect(.countMismatch(what: "clusters", expected: 4, found: 1), from: odd, [arm])
    odd = items
    odd.positiveClass = 2
    expect(.positiveClassOutsideClasses(positiveClass: 2, classes: 2), from: odd, [arm])
    let name = GroupName(column: "tone", value: "dark")
    func group(_ positions: [Int]) -> Subgroup { Subgroup(column: "tone", value: "dark", items: positions) }
    odd = items
    odd.groups = [group([])]
    expect(.emptyGroup(name), from: odd, [arm])
    odd.groups = [group([0, 4])]
    expect(.positionOutsideItems(group: name, position: 4, items: 4), from: odd, [arm])
    odd.groups = [group([1, 1])]
    expect(.positionsNotAscending(group: name, position: 1), from: odd, [arm])
    odd.groups = [group([1]), group([2])]
    expect(.repeatedGroup(name), from: odd, [arm])
  }

  @Test("Arms, seeds and comparisons that do not agree are errors")
  func arms() throws {
    let arm = try Fixture.arm("full", [[0, 1, 1, 0]])
    let short = try Fixture.arm("full", [[0, 1, 1]])
    expect(.countMismatch(what: "items with logits in arm full, seed 0", expected: 4, found: 3), from: items, [short])
    expect(.repeatedArm("full"), from: items, [arm, arm])
    expect(.noRuns(arm: "full"), from: items, [ArmPredictions(arm: "full", runs: [])])
    expect(
      .repeatedSeed(arm: "full", seed: 0), from: items, [ArmPredictions(arm: "full", runs: arm.runs + arm.runs)])
    expect(
      .seedBesideFixedModel(arm: "full"), from: items,
      [ArmPredictions(arm: "full", runs: arm.runs + [RunPredictions(seed: nil, logits: arm.runs[0].logits)])])
    expect(
      .classCountMismatch(arm: "full", seed: 0, expected: 2, found: 3), from: items,
      [try Fixture.arm("full", [[0, 1, 1, 0]], classes: 3)])
    expect(
      .unequalSeeds(arm: "lora", seeds: [0, 1], reference: "full", referenceSeeds: [0]), from: items,
      [arm, try Fixture.arm("lora", [[0, 1, 1, 0], [0, 1, 1, 0]])])
    #expect(throws: EvaluationError.unknownArm("lora", known: ["full"])) {
      try FairnessEvaluation.evaluate(
        items: items, arms: [arm], comparisons: [ArmComparison(arm: "lora", reference: "full")], rule: Fixture.rule,
        key: RandomKey(seed: 1))
    }
  }

  @Test("A margin that is no share is an error", arguments: [-0.1, 1, .nan])
  func margin(margin: Double) throws {
    let arm = try Fixture.arm("full", [[0, 1, 1, 0]])
    let rule = DecisionRule(metric: .accuracy, margin: margin, minimumGroupSize: 0)
    #expect(throws: EvaluationError.self) { try Fixture.evaluate(items, [arm], rule: rule) }
  }

  @Test("Logits of another size than said are an error, and very large ones stay finite")
  func logits() throws {
    #expect(throws: EvaluationError.self) { try Logits(values: [1.0, 2, 3], count: 2, classes: 2) }
    let logits = try Logits(values: [3e38, -3e38, 0.0], count: 1, classes: 3)
    #expect(logits.probability(item: 0, label: 0) == 1 && logits.probability(item: 0, label: 1) == 0)
    #expect(logits.logitScaledProbability(item: 0, label: 1) == 2 * -3e38)
    #expect(PredictionRule(classNames: ["a", "b", "c"]).prediction(logits, item: 0) == 0)
  }

  @Test("One item is enough for an evaluation, and says how little it is")
  func oneItem() throws {
    let one = Fixture.items(labels: [1], groups: [Subgroup(column: "tone", value: "dark", items: [0])])
    let arms = [try Fixture.arm("full", [[1]]), try Fixture.arm("lora", [[0]])]
    let found = try Fixture.evaluate(one, arms)
    #expect(found.arms[0].overSeeds.overall.accuracy.interval.lower < 0.3)
    #expect(found.arms[0].calibration.overall.debiasedSquaredError.value == nil)
    #expect(found.comparisons.allSatisfy { $0.interval == Interval(lower: -1, upper: 1) })
  }
}

import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct ScoreComparisonTests {
  private let comparison = ArmComparison(arm: "lora", reference: "full")
  private let rule = DecisionRule(metric: .rougeL, margin: 0.03, minimumGroupSize: 10)

  private func items(_ count: Int, clusterSize: Int = 1) -> EvaluationItems {
    EvaluationItems(
      scored: (0..<count).map { "item-\($0)" }, clusters: (0..<count).map { $0 / clusterSize },
      groups: [Subgroup(column: "half", value: "first", items: Array(0..<count / 2))])
  }

  private func family(
    _ items: EvaluationItems, _ arm: [[Double]], _ reference: [[Double]]
  ) throws -> [PairedComparison] {
    try PairedComparison.family(
      [ScoreComparison(comparison, arm: arm, reference: reference)], of: .fraction, items: items, rule: rule,
      resamples: 2_000, key: RandomKey(seed: 1))
  }

  @Test("Scores of 0 and 1 are compared as correctness is")
  func asCorrectness() throws {
    let items = items(80, clusterSize: 2)
    func scores(_ share: Double, _ seed: Int) -> [Double] {
      var stream = RandomKey(seed: seed).generator
      return (0..<80).map { _ in stream.uniform() < share ? 1 : 0 }
    }
    let (arm, reference) = ([scores(0.7, 1), scores(0.7, 2)], [scores(0.8, 3), scores(0.8, 4)])
    let found = try family(items, arm, reference)
    let expected = try PairedComparison.family(
      [ScoreComparison(comparison, arm: arm, reference: reference)], of: .correctness, items: items, rule: rule,
      resamples: 2_000, key: RandomKey(seed: 1))
    for (own, other) in zip(found, expected) {
      #expect(isClose(own.estimate, other.estimate))
      #expect(isClose(own.interval.lower, other.interval.lower) && isClose(own.interval.upper, other.interval.upper))
      #expect(isClose(own.pValue, other.pValue, own.test == .exactSignFlip ? 1e-9 : 0.02))
      #expect(own.discordantClusters == other.discordantClusters && own.seedSpread.values == other.seedSpread.values)
    }
  }

  @Test("Differences of fractions that tie count as tied, though they are rounded")
  func ties() throws {
    // Six clusters with the differences 1/3, 1/3 = 2/3 − 1/3, … of both signs: 2·22 of 64 patterns lie as far as 2/3 away.
    let arm: [Double] = [2.0 / 3, 1.0 / 3, 1, 1.0 / 3, 0, 1.0 / 3]
    let reference: [Double] = [1.0 / 3, 0, 2.0 / 3, 0, 1.0 / 3, 2.0 / 3]
    let found = try family(items(6), [arm], [reference])[0]
    #expect(found.test == .exactSignFlip)
    #expect(isClose(found.pValue, 44.0 / 64))
    #expect(isClose(found.estimate, 1.0 / 9, 1e-8))
  }

  @Test("Patterns of large sums are counted exactly up to forty clusters")
  func largeSums() {
    var stream = RandomKey(seed: 6).generator
    for count in [2, 3, 11, 20, 33, 40] {
      let differences = (0..<count).map { _ in stream.index(below: 9) - 3 }
      let large = differences.map { $0 << 30 }
      let (found, expected) = (SignFlipTest.pValue(large), SignFlipTest.pValue(differences))
      #expect(found.isExact && isClose(found.pValue, expected.pValue), "\(count)")
    }
  }

  @Test("A score outside 0 to 1 is refused with its item")
  func outsideRange() {
    let scores = Array(repeating: 0.5, count: 4)
    for wrong in [-0.1, 1.1, .nan, .infinity] as [Double] {
      #expect(throws: EvaluationError.self) { try family(items(4), [[0.5, wrong, 0.5, 0.5]], [scores]) }
    }
    #expect(throws: EvaluationError.scoreOutsideRange(arm: "full", item: "item-3", score: 2)) {
      try family(items(4), [scores], [[0.5, 0.5, 0.5, 2]])
    }
    #expect(throws: EvaluationError.countMismatch(what: "items with scores of arm lora", expected: 4, found: 3)) {
      try family(items(4), [[0, 0, 0]], [scores])
    }
    #expect(throws: EvaluationError.noRuns(arm: "lora")) { try family(items(4), [], []) }
  }

  @Test("Wilson's interval of 90 %")
  func wilsonOfAnotherConfidence() {
    let interval = Interval.wilson(proportion: 0.8, n: 10, confidence: 0.9)
    #expect(isClose(interval.lower, 0.540793, 1e-6) && isClose(interval.upper, 0.931442, 1e-6))
  }
}

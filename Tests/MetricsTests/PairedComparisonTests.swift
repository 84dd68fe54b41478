import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct PairedComparisonTests {
  /// Two arms that are right as given, by seed; all labels are 1.
  private func compare(
    full: [[Bool]], lora: [[Bool]], clusters: [Int]? = nil, groups: [Subgroup] = [], rule: DecisionRule = Fixture.rule
  ) throws -> FairnessEvaluation {
    let items = Fixture.items(
      labels: Array(repeating: 1, count: full[0].count), clusters: clusters, groups: groups)
    func arm(_ name: String, _ runs: [[Bool]]) throws -> ArmPredictions {
      try Fixture.arm(name, runs.map { $0.map { $0 ? 1 : 0 } })
    }
    return try Fixture.evaluate(items, [try arm("full", full), try arm("lora", lora)], rule: rule)
  }

  private func pattern(_ count: Int, _ isTrue: (Int) -> Bool) -> [Bool] { (0..<count).map(isTrue) }

  @Test("Arms that never differ are bounded by what could have been seen, not by [0, 0]")
  func noDifference() throws {
    let same = pattern(60) { $0 % 5 != 0 }
    let small = try compare(full: [same], lora: [same]).comparisons[0]
    #expect(small.estimate == 0 && small.pValue == 1 && small.intervalMethod == .discordanceBound)
    #expect(isClose(small.interval.lower, -Interval.clopperPearson(successes: 0, n: 60).upper))
    #expect(small.verdict == .notEnoughData(because: .intervalTooWide, more: MoreData(items: 62)))
    let many = pattern(122) { $0 % 5 != 0 }
    #expect(try compare(full: [many], lora: [many]).comparisons[0].verdict == .withinMargin)
  }

  @Test("The number of further items named for arms that never differ is the number that suffices")
  func namedItemsSuffice() throws {
    let same = pattern(40) { $0 % 5 != 0 }
    let verdict = try compare(full: [same], lora: [same]).comparisons[0].verdict
    guard case .notEnoughData(_, let more) = verdict, let more = more.items else {
      Issue.record("expected a number of items, found \(verdict)")
      return
    }
    let enough = pattern(40 + more) { $0 % 5 != 0 }
    #expect(try compare(full: [enough], lora: [enough]).comparisons[0].verdict == .withinMargin)
    let short = pattern(39 + more) { $0 % 5 != 0 }
    #expect(try compare(full: [short], lora: [short]).comparisons[0].verdict != .withinMargin)
  }

  @Test("One seed and unclustered items are tested by McNemar's exact test")
  func mcNemar() throws {
    let full = pattern(100) { $0 >= 2 }
    let lora = pattern(100) { $0 < 2 || $0 >= 12 }
    let found = try compare(full: [full], lora: [lora]).comparisons[0]
    #expect(found.test == .exactMcNemar && isClose(found.pValue, 0.038574, 1e-6))
    #expect(isClose(found.estimate, -0.08) && found.discordantClusters == 12)
    #expect(found.adjustedPValue.value == nil)
  }

  @Test(
    "A model that no seed changes is compared as if it said the same under every seed, and shows no spread of its own")
  func fixedModel() throws {
    let full = [pattern(120) { $0 % 4 != 0 }, pattern(120) { $0 % 5 != 0 }, pattern(120) { $0 % 6 != 0 }]
    let fixed = pattern(120) { $0 % 7 != 0 }
    let clusters = (0..<120).map { $0 / 3 }
    let items = Fixture.items(labels: Array(repeating: 1, count: 120), clusters: clusters)
    let reference = try Fixture.arm("full", full.map { $0.map { $0 ? 1 : 0 } })
    let logits = try Fixture.logits(predicting: fixed.map { $0 ? 1 : 0 })
    let arm = ArmPredictions(arm: "lora", runs: [RunPredictions(seed: nil, logits: logits)])
    let once = try Fixture.evaluate(items, [reference, arm])
    let repeated = try compare(full: full, lora: Array(repeating: fixed, count: 3), clusters: clusters)
    #expect(once.comparisons == repeated.comparisons)
    #expect(once.comparisons[0].seedSpread.values.count == 3)
    #expect(once.arms[1].seeds.map(\.seed) == [nil])
    guard case .undefined = once.arms[1].seedSpread.overall.accuracy.interval else {
      Issue.record("one model shows a variation over seeds")
      return
    }
    // The other way round, and two such models beside each other.
    let mirrored = try Fixture.evaluate(items, [arm, reference]).comparisons[0]
    #expect(mirrored.estimate == -once.comparisons[0].estimate)
    let twin = ArmPredictions(arm: "twin", runs: arm.runs)
    #expect(try Fixture.evaluate(items, [arm, twin]).comparisons[0].estimate == 0)
  }

  @Test("Several seeds are averaged by item, tested over clusters and seeds, and shown with a t interval")
  func seeds() throws {
    let full = Array(repeating: pattern(120) { _ in true }, count: 3)
    let lora = [pattern(120) { $0 % 4 != 0 }, pattern(120) { $0 % 5 != 0 }, pattern(120) { $0 % 6 != 0 }]
    let found = try compare(full: full, lora: lora, clusters: (0..<120).map { $0 / 3 }).comparisons[0]
    #expect(found.test == .twoWayT && found.clusters == 40)
    #expect(isClose(found.estimate, -(30.0 + 24 + 20) / 360))
    #expect(isClose(found.seedSpread.mean, found.estimate))
    let interval = try #require(found.seedSpread.interval.value)
    // t(.975, 2) is 4.302653.
    #expect(isClose(interval.width, 2 * 4.302653 * found.seedSpread.standardDeviation / 3.0.squareRoot(), 1e-6))
    #expect(found.verdict == .differenceConfirmed)
  }

  @Test("The verdicts come in their order: within the margin first, then confirmed, then not enough data")
  func order() throws {
    let full = pattern(2_000) { _ in true }
    let slightlyWorse = try compare(full: [full], lora: [pattern(2_000) { $0 % 100 != 0 }]).comparisons[0]
    #expect(slightlyWorse.pValue < 0.001 && slightlyWorse.verdict == .withinMargin)
    let worse = try compare(full: [full], lora: [pattern(2_000) { $0 % 20 != 0 }]).comparisons[0]
    #expect(worse.verdict == .differenceConfirmed)
    let unclear = try compare(
      full: [pattern(60) { $0 % 10 != 0 }], lora: [pattern(60) { $0 % 11 != 1 }]
    ).comparisons[0]
    guard case .notEnoughData(because: .intervalTooWide, let more) = unclear.verdict, let more = more.items else {
      Issue.record("expected too wide an interval, found \(unclear.verdict)")
      return
    }
    #expect(more > 0)
  }

  @Test("Holm counts every group times every comparison, and the comparison over all items stands outside")
  func family() throws {
    let groups = Fixture.groups("tone", (0..<200).map { "\($0 % 4)" })
    let full = pattern(200) { _ in true }
    let found = try compare(full: [full], lora: [pattern(200) { $0 % 4 != 0 || $0 > 40 }], groups: groups)
    #expect(found.familySize == 4 && found.comparisons.count == 5)
    #expect(!found.comparisons[0].isInFamily)
    let family = found.comparisons.dropFirst()
    #expect(family.allSatisfy { $0.isInFamily })
    let adjusted = holmAdjusted(family.map(\.pValue))
    #expect(family.compactMap(\.adjustedPValue.value) == adjusted)
  }

  @Test("A group below the minimum size gets no verdict, however clear it looks")
  func minimumSize() throws {
    let groups = [Subgroup(column: "tag", value: "rare", items: Array(0..<15))]
    let found = try compare(
      full: [pattern(200) { _ in true }], lora: [pattern(200) { $0 >= 15 }], groups: groups
    ).comparisons[1]
    guard case .notEnoughData(because: .belowMinimumSize(minimum: 20), let more) = found.verdict else {
      Issue.record("expected the minimum size as the reason, found \(found.verdict)")
      return
    }
    #expect(try #require(more.items) >= 5)
  }

  @Test("One cluster says nothing: the interval is everything and the p-value 1")
  func oneCluster() throws {
    let found = try compare(
      full: [pattern(50) { _ in true }], lora: [pattern(50) { $0 % 2 == 0 }], clusters: Array(repeating: 9, count: 50)
    ).comparisons[0]
    #expect(found.interval == Interval(lower: -1, upper: 1) && found.pValue == 1 && found.test == .none)
    guard case .notEnoughData(because: .oneCluster, _) = found.verdict else {
      Issue.record("expected one cluster as the reason, found \(found.verdict)")
      return
    }
  }

  @Test("A single discordant cluster leaves the bound no tighter than its exact interval allows")
  func oneDiscordantCluster() throws {
    let full = pattern(100) { _ in true }
    let found = try compare(full: [full], lora: [pattern(100) { $0 != 3 }]).comparisons[0]
    #expect(found.interval.lower <= -Interval.clopperPearson(successes: 1, n: 100).upper + 1e-12)
    #expect(found.interval.upper > 0)
  }

  @Test("Only whole clusters move: the same images of fewer people give a wider interval")
  func clustering() throws {
    let full = pattern(400) { _ in true }
    let lora = pattern(400) { $0 / 8 % 5 != 0 }
    let people = try compare(full: [full], lora: [lora], clusters: (0..<400).map { $0 / 8 }).comparisons[0]
    let images = try compare(full: [full], lora: [lora]).comparisons[0]
    #expect(people.estimate == images.estimate)
    #expect(people.interval.width > 2 * images.interval.width)
    #expect(people.pValue > images.pValue)
  }
}

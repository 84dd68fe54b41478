import Metrics
import Statistics
import Support
import Testing

@Suite struct SpreadPermutationTests {
  private func test(correct: [Bool], clusters: [Int], groups: [Subgroup]) throws -> SpreadTest {
    let items = Fixture.items(labels: correct.map { _ in 1 }, clusters: clusters, groups: groups)
    let arm = try Fixture.arm("full", [correct.map { $0 ? 1 : 0 }])
    return try #require(try Fixture.evaluate(items, [arm]).arms[0].overSeeds.columns[0].accuracySpread.value).test
  }

  @Test("The normal limit of very many mixed clusters is what permuting each of them gives")
  func normalLimit() throws {
    // 1,200 templates, each once for three groups; half of them, permuted one by one, spread √2 times as far.
    var generator = RandomKey(seed: 9)["templates"].generator
    var (correct, values): ([Bool], [String]) = ([], [])
    for _ in 0..<1_200 {
      let easy = generator.uniform()
      for item in 0..<3 {
        correct.append(generator.uniform() < 0.4 + 0.5 * easy)
        values.append("g\(item)")
      }
    }
    let clusters = (0..<3_600).map { $0 / 3 }
    let limit = try test(correct: correct, clusters: clusters, groups: Fixture.groups("column", values))
    let half = try test(
      correct: Array(correct.prefix(1_800)), clusters: Array(clusters.prefix(1_800)),
      groups: Fixture.groups("column", Array(values.prefix(1_800))))
    let ratio = half.expectedUnderNoDifference / limit.expectedUnderNoDifference
    #expect(abs(ratio / 2.0.squareRoot() - 1) < 0.05, "\(ratio)")
    #expect(limit.pValue > 0.001 && half.pValue > 0.001)
  }

  @Test("Drawing how many of each kind a group gets is what shuffling gives", arguments: [600, 90])
  func tables(count: Int) throws {
    // The table of three groups and two outcomes is drawn for 600 items, and fewer are shuffled.
    let groups = Fixture.groups("column", (0..<count).map { "g\($0 % 3)" })
    let correct = (0..<count).map { $0 % 7 != 0 }
    let found = try test(correct: correct, clusters: Array(0..<count), groups: groups)
    // E[range of 3 normals] = 1.6926·σ, of means of a third of the items drawn without replacement.
    let share = Double(correct.count { $0 }) / Double(count)
    let deviation = (share * (1 - share) / Double(count / 3) * Double(count) / Double(count - 1)).squareRoot()
    #expect(abs(found.expectedUnderNoDifference / (1.6926 * deviation) - 1) < 0.04)
  }

  @Test("Each rate is permuted among the items that have it")
  func amongPositives() throws {
    // Every group finds the same share of its positives, but group b has far more of them.
    let labels = (0..<800).map { $0 < 400 ? ($0 % 10 == 0 ? 1 : 0) : ($0 % 10 == 0 ? 0 : 1) }
    var seen = [0: 0, 1: 0]
    let predictions = labels.map { label -> Int in
      seen[label, default: 0] += 1
      return seen[label, default: 0] % 5 == 0 ? 1 - label : label
    }
    let items = Fixture.items(
      labels: labels, groups: Fixture.groups("column", (0..<800).map { $0 < 400 ? "a" : "b" }))
    let gaps = try Fixture.evaluate(items, [try Fixture.arm("full", [predictions])]).arms[0].overSeeds.columns[0]
    let parity = try #require(gaps.demographicParityDifference.value)
    let opportunity = try #require(gaps.equalOpportunityDifference.value)
    let odds = try #require(gaps.equalizedOddsDifference.value)
    #expect(parity.test.pValue < 0.001 && parity.value > 0.3)
    #expect(opportunity.test.pValue > 0.5 && odds.test.pValue > 0.5)
    #expect(odds.test.expectedUnderNoDifference >= opportunity.test.expectedUnderNoDifference)
  }
}

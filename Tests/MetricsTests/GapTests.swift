import Metrics
import Statistics
import TestSupport
import Testing

@Suite struct GapTests {
  /// The example of fairlearn's documentation: true and predicted labels of groups a (7) and b (11).
  private static let a = (labels: [1, 1, 1, 0, 0, 0, 0], predictions: [1, 1, 0, 1, 1, 1, 0])
  private static let b = (
    labels: [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0], predictions: [1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0]
  )

  private func evaluation(labels: [Int], predictions: [Int], groups: [Subgroup], positiveClass: Int? = 1) throws
    -> RateEvaluation
  {
    let items = Fixture.items(labels: labels, groups: groups, positiveClass: positiveClass)
    return try Fixture.evaluate(items, [try Fixture.arm("full", [predictions])]).arms[0].overSeeds
  }

  @Test("The three gaps agree with fairlearn's documented example")
  func fairlearn() throws {
    let rates = try evaluation(
      labels: Self.a.labels + Self.b.labels, predictions: Self.a.predictions + Self.b.predictions,
      groups: Fixture.groups("side", Array(repeating: "a", count: 7) + Array(repeating: "b", count: 11)))
    let first = rates.groups[0]
    #expect(isClose(try #require(first.selectionRate.value).value, 5.0 / 7))
    #expect(isClose(try #require(first.truePositiveRate.value).value, 2.0 / 3))
    #expect(isClose(try #require(first.falsePositiveRate.value).value, 0.75))
    let gaps = rates.columns[0]
    let parity = try #require(gaps.demographicParityDifference.value)
    #expect(isClose(parity.value, 0.2597403, 1e-7))
    #expect(parity.highest == "a" && parity.lowest == "b" && parity.leftOut.isEmpty)
    #expect(isClose(try #require(gaps.equalOpportunityDifference.value).value, 0.2222222, 1e-7))
    let odds = try #require(gaps.equalizedOddsDifference.value)
    #expect(isClose(odds.value, 0.25) && odds.rate == .falsePositiveRate)
  }

  @Test("Where every group has one label, selection still differs, and the gaps that need labels say who lacks what")
  func oneLabelEach() throws {
    let rates = try evaluation(
      labels: [1, 1, 1, 0, 0, 0, 0, 0, 0], predictions: [1, 0, 1, 0, 0, 1, 0, 1, 0],
      groups: Fixture.groups(
        "species", ["cat", "cat", "cat", "ship", "ship", "ship", "truck", "truck", "truck"]))
    let gaps = rates.columns[0]
    let parity = try #require(gaps.demographicParityDifference.value)
    #expect(isClose(parity.value, 1.0 / 3) && parity.highest == "cat" && parity.leftOut.isEmpty)
    let expected = Measured<Gap>.undefined(
      reason: "fewer than two groups have a true positive rate (no positives: ship, truck)", n: 9)
    #expect(gaps.equalOpportunityDifference == expected)
    #expect(gaps.equalizedOddsDifference == expected)
    #expect(rates.groups[0].falsePositiveRate == .undefined(reason: "no negatives", n: 3))
    #expect(rates.groups[1].truePositiveRate == .undefined(reason: "no positives", n: 3))
    #expect(gaps.accuracySpread.value != nil)
  }

  @Test("A group without positives is left out of the gaps that need them, and named")
  func leftOut() throws {
    let rates = try evaluation(
      labels: Self.a.labels + Self.b.labels + [0, 0], predictions: Self.a.predictions + Self.b.predictions + [1, 0],
      groups: Fixture.groups(
        "side", Array(repeating: "a", count: 7) + Array(repeating: "b", count: 11) + ["c", "c"]))
    let gap = try #require(rates.columns[0].equalOpportunityDifference.value)
    #expect(gap.leftOut.map(\.value) == ["c"] && gap.leftOut.map(\.reason) == ["no positives"])
    #expect(isClose(gap.value, 0.2222222, 1e-7))
    #expect(try #require(rates.columns[0].demographicParityDifference.value).leftOut.isEmpty)
    let odds = try #require(rates.columns[0].equalizedOddsDifference.value)
    #expect(odds.rate == .falsePositiveRate && odds.leftOut.map(\.value) == ["c"])
  }

  @Test("With a group of positives alone, only the gap that needs its false positive rate is undefined")
  func positivesAlone() throws {
    let labels = (0..<10).map { $0 % 2 } + Array(repeating: 1, count: 10)
    let predictions = (0..<10).map { $0 == 0 ? 0 : 1 } + (0..<10).map { $0 == 0 ? 1 : 0 }
    let column = try evaluation(
      labels: labels, predictions: predictions,
      groups: Fixture.groups("g", Array(repeating: "a", count: 10) + Array(repeating: "b", count: 10))
    ).columns[0]
    let parity = try #require(column.demographicParityDifference.value)
    #expect(isClose(parity.value, 0.8) && parity.test.permutations > 0 && parity.test.pValue < 0.01)
    #expect(parity.test.expectedUnderNoDifference > 0.05 && parity.test.expectedUnderNoDifference < 0.4)
    let opportunity = try #require(column.equalOpportunityDifference.value)
    #expect(isClose(opportunity.value, 0.9) && opportunity.leftOut.isEmpty)
    #expect(
      column.equalizedOddsDifference
        == .undefined(reason: "fewer than two groups have a false positive rate (no negatives: b)", n: 20))
  }

  @Test("A group without the rate takes no part in the permutations either")
  func permutation() throws {
    let labels = Self.a.labels + Self.b.labels
    let predictions = Self.a.predictions + Self.b.predictions
    let sides = Array(repeating: "a", count: 7) + Array(repeating: "b", count: 11)
    let without = try evaluation(labels: labels, predictions: predictions, groups: Fixture.groups("side", sides))
    let with = try evaluation(
      labels: labels + [0, 0], predictions: predictions + [1, 1],
      groups: Fixture.groups("side", sides + ["c", "c"]))
    let gaps = try [without, with].map { try #require($0.columns[0].equalOpportunityDifference.value) }
    #expect(gaps[0].value == gaps[1].value)
    #expect(abs(gaps[0].test.expectedUnderNoDifference - gaps[1].test.expectedUnderNoDifference) < 0.02)
    #expect(abs(gaps[0].test.pValue - gaps[1].test.pValue) < 0.05)
  }

  @Test("Without a positive class the rates of positives and their gaps are undefined, accuracy is not")
  func noPositiveClass() throws {
    let rates = try evaluation(
      labels: Self.a.labels, predictions: Self.a.predictions,
      groups: Fixture.groups("side", ["x", "x", "y", "x", "y", "x", "y"]), positiveClass: nil)
    #expect(rates.overall.positives == .undefined(reason: "no class is declared positive", n: 7))
    #expect(rates.overall.selectionRate.value == nil)
    #expect(
      rates.columns[0].demographicParityDifference == .undefined(reason: "no class is declared positive", n: 7))
    #expect(isClose(rates.overall.accuracy.value, 3.0 / 7))
  }

  @Test("A column with one group has no gaps and no spread")
  func oneGroup() throws {
    let rates = try evaluation(
      labels: Self.a.labels, predictions: Self.a.predictions,
      groups: [Subgroup(column: "tag", value: "x", items: [0, 3, 4])])
    #expect(rates.columns[0].accuracySpread == .undefined(reason: "the column has fewer than two groups", n: 3))
    #expect(rates.columns[0].equalizedOddsDifference.value == nil)
    #expect(rates.columns[0].worstGroup.value == "x")
  }

  @Test("The worst group is the one with the lowest accuracy")
  func worstGroup() throws {
    let rates = try evaluation(
      labels: Self.a.labels + Self.b.labels, predictions: Self.a.predictions + Self.b.predictions,
      groups: Fixture.groups("side", Array(repeating: "a", count: 7) + Array(repeating: "b", count: 11)))
    #expect(rates.columns[0].worstGroup.value == "a")
    #expect(rates.columns[0].worstGroup.accuracy == rates.groups[0].accuracy)
  }
}

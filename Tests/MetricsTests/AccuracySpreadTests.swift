import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct AccuracySpreadTests {
  private func spread(correct: [Bool], clusters: [Int]? = nil, groups: [Subgroup]) throws -> AccuracySpread {
    let items = Fixture.items(labels: Array(repeating: 1, count: correct.count), clusters: clusters, groups: groups)
    let arm = try Fixture.arm("full", [correct.map { $0 ? 1 : 0 }])
    return try #require(try Fixture.evaluate(items, [arm]).arms[0].overSeeds.columns[0].accuracySpread.value)
  }

  @Test(
    "The expectation under no difference is that of equally accurate groups", arguments: [(50, 0.117), (100, 0.083)])
  func expectation(groupSize: Int, expected: Double) throws {
    let count = 5 * groupSize
    let order = RandomKey(seed: 5).permutation(count: count)
    let values = (0..<count).map { "g\($0 % 5)" }
    let found = try spread(
      correct: order.map { Double($0) < 0.85 * Double(count) }, groups: Fixture.groups("column", values))
    #expect(isClose(found.test.expectedUnderNoDifference, expected, 0.004))
  }

  @Test("A real difference has a small p-value and chance has not")
  func pValue() throws {
    let values = (0..<400).map { $0 < 200 ? "a" : "b" }
    let groups = Fixture.groups("column", values)
    let different = try spread(correct: (0..<400).map { $0 < 200 ? $0 % 10 != 0 : $0 % 10 > 2 }, groups: groups)
    #expect(different.test.pValue < 0.001 && different.highest == "a" && isClose(different.value, 0.2))
    let same = try spread(correct: (0..<400).map { $0 % 10 != 0 }, groups: groups)
    #expect(same.test.pValue == 1 && same.value == 0)
  }

  @Test("The items of a person move together")
  func clustered() throws {
    // Twenty people of ten images, all right or all wrong: ten images must not pass for ten observations.
    let wrongPeople = [3, 7, 8, 11, 13, 18]
    let correct = (0..<200).map { !wrongPeople.contains($0 / 10) }
    let values = (0..<200).map { $0 < 100 ? "a" : "b" }
    let groups = Fixture.groups("column", values)
    let people = try spread(correct: correct, clusters: (0..<200).map { $0 / 10 }, groups: groups)
    let images = try spread(correct: correct, groups: groups)
    #expect(people.test.expectedUnderNoDifference > 2 * images.test.expectedUnderNoDifference)
  }

  @Test("Where every cluster holds all groups the items of a cluster are permuted")
  func withinClusters() throws {
    // Templates of different difficulty, each once for both groups; group b fails in every fourth one.
    let correct = (0..<200).map { item in
      let template = item / 2
      let failsInB = item % 2 == 1 && template % 4 == 1
      return template % 3 != 0 && !failsInB
    }
    let groups = Fixture.groups("column", (0..<200).map { $0 % 2 == 0 ? "a" : "b" })
    let found = try spread(correct: correct, clusters: (0..<200).map { $0 / 2 }, groups: groups)
    #expect(found.test.pValue < 0.001)
    #expect(found.test.expectedUnderNoDifference > 0 && found.test.expectedUnderNoDifference < found.value)
  }
}

import MembershipInference
import Metrics
import TestSupport
import Testing

@Suite struct ExposureTests {
  @Test("Items that are remembered most come first, with their groups and how often they are found")
  func planted() throws {
    let exposed: Set = [7, 40, 133]
    var shadowModels = Fixture.directShadowModels(
      items: 200, leak: { exposed.contains($0) ? 12 : 0.3 }, groups: Fixture.groups(2, items: 200), seed: 81)
    shadowModels.itemNames = (0..<200).map { "item-\($0)" }
    let items = try Fixture.evaluate(shadowModels).attacks[0].exposedItems
    #expect(items.count == 100)
    #expect(Set(items.prefix(3).map(\.item)) == exposed)
    #expect(zip(items, items.dropFirst()).allSatisfy { $0.percentile >= $1.percentile })
    let first = items[0]
    #expect(first.name == "item-\(first.item)")
    #expect(first.groups == [GroupName(column: "tone", value: "\(first.item % 2)")])
    #expect(first.percentile > 0.99 && first.asMember == 4 && first.asNonMember == 4)
    #expect(first.findings.last?.falsePositiveRateLimit == 0.1)
    #expect(first.findings.allSatisfy { $0.asMember <= 4 && $0.asNonMember <= 4 })
    #expect(try #require(first.findings.last).asMember == 4)
  }

  @Test("A percentile is the share of non-members below, ties counted half")
  func percentile() throws {
    var shadowModels = Fixture.directShadowModels(items: 100, leak: { _ in 0 }, seed: 82)
    shadowModels.scores = .direct(shadowModels.masks.map { _ in [Array(repeating: 1, count: 100)] }, .logitScaled)
    let items = try Fixture.evaluate(shadowModels, attacks: [.lossThreshold]).attacks[0].exposedItems
    #expect(items.allSatisfy { isClose($0.percentile, 0.5) })
  }
}

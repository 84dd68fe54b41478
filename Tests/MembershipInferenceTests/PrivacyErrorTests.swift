import MembershipInference
import Metrics
import Testing

@Suite struct PrivacyErrorTests {
  private func expect(_ error: PrivacyError, _ change: (inout ShadowModels) throws -> Void) throws {
    var shadowModels = try Fixture.shadowModels(models: 6, people: 20, leak: { _ in 0 }, seed: 1)
    try change(&shadowModels)
    #expect(throws: error) { try Fixture.evaluate(shadowModels) }
    #expect(!error.description.isEmpty)
  }

  @Test("Partners whose masks are not complements are named with the item")
  func complements() throws {
    try expect(.notComplementary(arm: "full", model: 2, partner: 3, item: 9)) { $0.masks[2][9].toggle() }
  }

  @Test("A cluster that a mask splits is named")
  func splitCluster() throws {
    try expect(.splitCluster(arm: "full", model: 0, cluster: 4, item: 9)) {
      $0.masks[0][9].toggle()
      $0.masks[1][9].toggle()
    }
  }

  @Test("Fleets that are odd, small or one-sided are refused")
  func balance() throws {
    try expect(.oddNumberOfModels(arm: "full", found: 5)) { $0.masks.removeLast() }
    try expect(.tooFewModels(arm: "full", found: 4)) { $0.masks.removeLast(2) }
    try expect(.oneSided(arm: "full", model: 0, members: 40, items: 40)) {
      $0.masks[0] = $0.masks[0].map { _ in true }
      $0.masks[1] = $0.masks[1].map { _ in false }
    }
  }

  @Test("Logits, labels, clusters and groups that do not fit are refused")
  func shapes() throws {
    try expect(.countMismatch(arm: "full", what: "models with logits", expected: 6, found: 5)) {
      $0.scores = $0.prefix(models: 5).scores
    }
    try expect(.countMismatch(arm: "full", what: "clusters", expected: 40, found: 39)) { $0.clusters.removeLast() }
    try expect(.countMismatch(arm: "full", what: "items in the mask of model 5", expected: 40, found: 39)) {
      $0.masks[5].removeLast()
    }
    try expect(.labelOutsideClasses(arm: "full", item: 3, label: 3, classes: 3)) { $0.labels[3] = 3 }
    try expect(.nonFiniteLogit(arm: "full", model: 1, item: 2)) {
      var values = [Float](repeating: 0, count: 120)
      values[7] = .nan
      guard case .logits(var logits) = $0.scores else { return }
      logits[1] = [try Logits(values: values, count: 40, classes: 3)]
      $0.scores = .logits(logits)
    }
    let name = GroupName(column: "tone", value: "dark")
    try expect(.emptyGroup(arm: "full", group: name)) {
      $0.groups = [Subgroup(column: "tone", value: "dark", items: [])]
    }
    try expect(.invalidMember(arm: "full", group: name, position: 40, items: 40)) {
      $0.groups = [Subgroup(column: "tone", value: "dark", items: [3, 40])]
    }
    try expect(.noItems(arm: "full")) { $0.labels = [] }
  }
}

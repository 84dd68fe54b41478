extension EvaluationItems {
  /// The positions of the items by identifier, so that what is drawn for an item does not depend on where it stood.
  package var canonicalOrder: [Int] {
    labels.indices.sorted { (identifiers[$0], $0) < (identifiers[$1], $1) }
  }

  /// The items in another order.
  package func reordered(_ order: [Int]) -> EvaluationItems {
    var position = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { position[old] = new }
    var items = self
    items.identifiers = order.map { identifiers[$0] }
    items.labels = order.map { labels[$0] }
    items.clusters = order.map { clusters[$0] }
    items.groups = groups.map {
      Subgroup(column: $0.column, value: $0.value, members: $0.members.map { position[$0] }.sorted())
    }
    return items
  }
}

extension ArmPredictions {
  /// The items in another order.
  func reordered(_ order: [Int]) -> ArmPredictions {
    var arm = self
    for run in arm.runs.indices { arm.runs[run].logits = runs[run].logits.reordered(order) }
    return arm
  }
}

extension Logits {
  /// The items in another order.
  func reordered(_ order: [Int]) -> Logits {
    func picked<Value>(_ values: [Value]) -> [Value] {
      values.isEmpty ? [] : order.flatMap { values[$0 * classes..<($0 + 1) * classes] }
    }
    return Logits(count: order.count, classes: classes, values: picked(values), probabilities: picked(probabilities))
  }
}

/// The items that every arm is evaluated on: labels, clusters and groups, in one fixed order.
package struct EvaluationItems: Equatable, Sendable {
  package var identifiers: [String]
  /// The class index of every item.
  package var labels: [Int]
  package var classNames: [String]
  /// Which cluster (a person, a template) every item belongs to; any whole numbers. Unclustered items have one each.
  package var clusters: [Int]
  package var groups: [Subgroup]
  /// The class that is counted as positive. Without one the rates of positives, and the gaps built on them, are
  /// undefined.
  package var positiveClass: Int?

  package init(
    identifiers: [String], labels: [Int], classNames: [String], clusters: [Int], groups: [Subgroup],
    positiveClass: Int?
  ) {
    self.identifiers = identifiers
    self.labels = labels
    self.classNames = classNames
    self.clusters = clusters
    self.groups = groups
    self.positiveClass = positiveClass
  }

  /// Items that are scored and not classified: they have no labels of their own, and no figure of classes means anything.
  package init(scored identifiers: [String], clusters: [Int], groups: [Subgroup]) {
    self.init(
      identifiers: identifiers, labels: identifiers.map { _ in 0 }, classNames: ["scored", "not scored"],
      clusters: clusters, groups: groups, positiveClass: nil)
  }

  package var count: Int { labels.count }
}

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
      Subgroup(column: $0.column, value: $0.value, items: $0.items.map { position[$0] }.sorted())
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

extension EvaluationItems {
  /// Checks that items, classes and groups agree.
  package func validate() throws(EvaluationError) {
    guard count > 0 else { throw .noItems }
    for (what, found) in [("identifiers", identifiers.count), ("clusters", clusters.count)] where found != count {
      throw .countMismatch(what: what, expected: count, found: found)
    }
    let classes = classNames.count
    guard classes >= 2 else { throw .tooFewClasses(found: classes) }
    for (identifier, label) in zip(identifiers, labels) where !(0..<classes).contains(label) {
      throw .labelOutsideClasses(item: identifier, label: label, classes: classes)
    }
    if let positiveClass, !(0..<classes).contains(positiveClass) {
      throw .positiveClassOutsideClasses(positiveClass: positiveClass, classes: classes)
    }
    var names: Set<GroupName> = []
    for group in groups {
      guard names.insert(group.name).inserted else { throw .repeatedGroup(group.name) }
      guard !group.items.isEmpty else { throw .emptyGroup(group.name) }
      var previous = -1
      for position in group.items {
        guard (0..<count).contains(position) else {
          throw .positionOutsideItems(group: group.name, position: position, items: count)
        }
        guard position > previous else { throw .positionsNotAscending(group: group.name, position: position) }
        previous = position
      }
    }
  }
}

extension ArmRuns where Output == Logits {
  /// Checks that every run has finite logits for every item.
  func validate(items: EvaluationItems) throws(EvaluationError) {
    for run in runs {
      guard run.logits.count == items.count else {
        throw .countMismatch(
          what: "items with logits in arm \(arm)\(run.seed.map { ", seed \($0)" } ?? "")", expected: items.count,
          found: run.logits.count)
      }
      guard run.logits.classes == items.classNames.count else {
        throw .classCountMismatch(
          arm: arm, seed: run.seed, expected: items.classNames.count, found: run.logits.classes)
      }
      if let item = run.logits.firstNonFiniteItem {
        throw .nonFiniteLogit(arm: arm, seed: run.seed, item: items.identifiers[item])
      }
    }
  }
}

extension ValidationPredictions {
  /// Checks that every arm has the runs that are evaluated, with finite logits for every item.
  func validate(like arms: [ArmPredictions], classes: Int) throws(EvaluationError) {
    for arm in arms {
      guard let own = self.arms.first(where: { $0.arm == arm.arm }) else { continue }
      guard own.runs.map(\.seed) == arm.runs.map(\.seed) else {
        throw .countMismatch(
          what: "runs of arm \(arm.arm) on validation items, in the order of its seeds", expected: arm.runs.count,
          found: own.runs.count)
      }
      for run in own.runs {
        guard run.logits.count == labels.count else {
          throw .countMismatch(
            what: "validation items with logits in arm \(arm.arm)", expected: labels.count, found: run.logits.count)
        }
        guard run.logits.classes == classes else {
          throw .classCountMismatch(arm: arm.arm, seed: run.seed, expected: classes, found: run.logits.classes)
        }
        if let item = run.logits.firstNonFiniteItem {
          throw .nonFiniteLogit(arm: arm.arm, seed: run.seed, item: "\(item) of the validation items")
        }
      }
    }
  }
}

extension DecisionRule {
  /// Checks that margin and size mean something.
  package func validate() throws(EvaluationError) {
    guard margin >= 0, margin < 1 else { throw .marginOutsideRange(margin) }
    guard minimumGroupSize >= 0 else { throw .negativeMinimumGroupSize(minimumGroupSize) }
    guard minimumClusters >= 0 else { throw .negativeMinimumClusters(minimumClusters) }
  }
}

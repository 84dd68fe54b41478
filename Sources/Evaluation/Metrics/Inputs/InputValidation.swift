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
      guard !group.members.isEmpty else { throw .emptyGroup(group.name) }
      var previous = -1
      for position in group.members {
        guard (0..<count).contains(position) else {
          throw .memberOutsideItems(group: group.name, position: position, items: count)
        }
        guard position > previous else { throw .membersNotAscending(group: group.name, position: position) }
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
  }
}

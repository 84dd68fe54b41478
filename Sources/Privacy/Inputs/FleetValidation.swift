import Fairness

extension Fleet {
  /// Checks that masks, logits, clusters and groups agree and that the fleet is balanced.
  func validate() throws(PrivacyError) {
    guard !labels.isEmpty else { throw .noItems(arm: arm) }
    guard masks.count % 2 == 0 else { throw .oddNumberOfModels(arm: arm, found: masks.count) }
    guard masks.count >= 6 else { throw .tooFewModels(arm: arm, found: masks.count) }
    guard logits.count == masks.count else {
      throw .countMismatch(arm: arm, what: "models with logits", expected: masks.count, found: logits.count)
    }
    guard clusters.count == labels.count else {
      throw .countMismatch(arm: arm, what: "clusters", expected: labels.count, found: clusters.count)
    }
    for (model, mask) in masks.enumerated() where mask.count != labels.count {
      throw .countMismatch(
        arm: arm, what: "items in the mask of model \(model)", expected: labels.count, found: mask.count)
    }
    try validateMasks()
    try validateLogits()
    try validateGroups()
  }

  private func validateMasks() throws(PrivacyError) {
    for model in stride(from: 0, to: masks.count, by: 2) {
      for (item, (first, second)) in zip(masks[model], masks[model + 1]).enumerated() where first == second {
        throw .notComplementary(arm: arm, model: model, partner: model + 1, item: item)
      }
    }
    for item in labels.indices {
      let members = masks.count { $0[item] }
      guard members * 2 == masks.count else {
        throw .notInHalf(arm: arm, item: item, members: members, models: masks.count)
      }
    }
    for (model, mask) in masks.enumerated() {
      let members = mask.count { $0 }
      guard members > 0, members < mask.count else {
        throw .oneSided(arm: arm, model: model, members: members, items: mask.count)
      }
      var membership: [Int: Bool] = [:]
      for (item, (isMember, cluster)) in zip(mask, clusters).enumerated() {
        guard membership[cluster, default: isMember] == isMember else {
          throw .splitCluster(arm: arm, model: model, cluster: cluster, item: item)
        }
        membership[cluster] = isMember
      }
    }
  }

  private func validateLogits() throws(PrivacyError) {
    let expected = logits.first?.classes ?? 0
    for (model, logits) in logits.enumerated() {
      guard logits.count == labels.count else {
        throw .countMismatch(
          arm: arm, what: "items with logits in model \(model)", expected: labels.count, found: logits.count)
      }
      guard logits.classes >= 2 else { throw .tooFewClasses(arm: arm, model: model, found: logits.classes) }
      guard logits.classes == expected else {
        throw .countMismatch(
          arm: arm, what: "classes in model \(model)", expected: expected, found: logits.classes)
      }
      if let item = logits.firstNonFiniteItem { throw .nonFiniteLogit(arm: arm, model: model, item: item) }
    }
    for (item, label) in labels.enumerated() where !(0..<expected).contains(label) {
      throw .labelOutsideClasses(arm: arm, item: item, label: label, classes: expected)
    }
  }

  private func validateGroups() throws(PrivacyError) {
    var names: Set<GroupName> = []
    for group in groups {
      guard names.insert(group.name).inserted else { throw .repeatedGroup(arm: arm, group: group.name) }
      guard !group.members.isEmpty else { throw .emptyGroup(arm: arm, group: group.name) }
      var previous = -1
      for position in group.members {
        guard position > previous, position < labels.count else {
          throw .invalidMember(arm: arm, group: group.name, position: position, items: labels.count)
        }
        previous = position
      }
    }
  }
}

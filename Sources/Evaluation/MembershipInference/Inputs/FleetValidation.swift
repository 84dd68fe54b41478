import Metrics

extension Fleet {
  /// Checks that masks, scores, clusters and groups agree and that the fleet is of its design.
  func validate() throws(PrivacyError) {
    guard items > 0 else { throw .noItems(arm: arm) }
    try validateDesign()
    guard scores.models == masks.count else {
      throw .countMismatch(arm: arm, what: "models with \(scoreNoun)", expected: masks.count, found: scores.models)
    }
    guard clusters.count == items else {
      throw .countMismatch(arm: arm, what: "clusters", expected: items, found: clusters.count)
    }
    guard itemNames.isEmpty || itemNames.count == items else {
      throw .countMismatch(arm: arm, what: "item names", expected: items, found: itemNames.count)
    }
    for (model, mask) in masks.enumerated() where mask.count != items {
      throw .countMismatch(arm: arm, what: "items in the mask of model \(model)", expected: items, found: mask.count)
    }
    try validateMasks()
    switch scores {
    case .logits(let logits): try validate(logits)
    case .direct(let scores, let kind): try validate(scores, kind: kind)
    }
    try validateLossTraces()
    try validateGroups()
  }

  private var scoreNoun: String {
    switch scores {
    case .logits: "logits"
    case .direct: "scores"
    }
  }

  private func validateDesign() throws(PrivacyError) {
    switch design {
    case .symmetric:
      guard masks.count % 2 == 0 else { throw .oddNumberOfModels(arm: arm, found: masks.count) }
      guard masks.count >= 6 else { throw .tooFewModels(arm: arm, found: masks.count) }
    case .independent:
      guard !masks.isEmpty else { throw .noModels(arm: arm) }
    case .released(let target):
      guard masks.indices.contains(target) else {
        throw .noSuchTarget(arm: arm, target: target, models: masks.count)
      }
    }
  }

  private func validateMasks() throws(PrivacyError) {
    if design == .symmetric {
      for model in stride(from: 0, to: masks.count, by: 2) {
        for (item, (first, second)) in zip(masks[model], masks[model + 1]).enumerated() where first == second {
          throw .notComplementary(arm: arm, model: model, partner: model + 1, item: item)
        }
      }
    }
    for target in targets {
      let members = masks[target].count { $0 }
      guard members > 0, members < items else {
        throw .oneSided(arm: arm, model: target, members: members, items: items)
      }
    }
    if !permitsSplitClusters, let (model, item) = firstSplitCluster {
      throw .splitCluster(arm: arm, model: model, cluster: clusters[item], item: item)
    }
  }

  private func validate(_ logits: [[Logits]]) throws(PrivacyError) {
    let expected = logits.first?.first?.classes ?? 0
    try validateQueries(logits.map(\.count))
    for (model, queries) in logits.enumerated() {
      for logits in queries {
        guard logits.count == items else {
          throw .countMismatch(
            arm: arm, what: "items with logits in model \(model)", expected: items, found: logits.count)
        }
        guard logits.classes >= 2 else { throw .tooFewClasses(arm: arm, model: model, found: logits.classes) }
        guard logits.classes == expected else {
          throw .countMismatch(
            arm: arm, what: "classes in model \(model)", expected: expected, found: logits.classes)
        }
        if let item = logits.firstNonFiniteItem { throw .nonFiniteLogit(arm: arm, model: model, item: item) }
      }
    }
    for (item, label) in labels.enumerated() where !(0..<expected).contains(label) {
      throw .labelOutsideClasses(arm: arm, item: item, label: label, classes: expected)
    }
  }

  /// In magnitude; no model comes near it, and sums of squares stay far from what a double holds.
  private static let largestScore = 1e9

  private func validate(_ scores: [[[Double]]], kind: ScoreKind) throws(PrivacyError) {
    try validateQueries(scores.map(\.count))
    for (model, queries) in scores.enumerated() {
      for scores in queries {
        guard scores.count == items else {
          throw .countMismatch(
            arm: arm, what: "items with scores in model \(model)", expected: items, found: scores.count)
        }
        for (item, score) in scores.enumerated() {
          guard score.isFinite else { throw .nonFiniteScore(arm: arm, model: model, item: item) }
          guard score.magnitude <= Self.largestScore else {
            throw .scoreOutOfRange(arm: arm, model: model, item: item, score: score)
          }
          guard kind != .logLikelihood || score <= 0 else {
            throw .positiveLogLikelihood(arm: arm, model: model, item: item, score: score)
          }
        }
      }
    }
  }

  private func validateQueries(_ counts: [Int]) throws(PrivacyError) {
    let expected = max(1, counts.first ?? 0)
    for (model, found) in counts.enumerated() where found != expected {
      throw .countMismatch(arm: arm, what: "queries of every item in model \(model)", expected: expected, found: found)
    }
  }

  private func validateLossTraces() throws(PrivacyError) {
    guard let lossTraces else { return }
    guard lossTraces.count == masks.count else {
      throw .countMismatch(arm: arm, what: "models with loss traces", expected: masks.count, found: lossTraces.count)
    }
    let epochs = lossTraces.first?.count ?? 0
    for (model, trace) in lossTraces.enumerated() {
      guard trace.count == epochs else {
        throw .countMismatch(arm: arm, what: "epochs of losses in model \(model)", expected: epochs, found: trace.count)
      }
      for losses in trace {
        guard losses.count == items else {
          throw .countMismatch(
            arm: arm, what: "items with losses in model \(model)", expected: items, found: losses.count)
        }
        if let item = losses.firstIndex(where: { !$0.isFinite }) {
          throw .nonFiniteScore(arm: arm, model: model, item: item)
        }
      }
    }
  }

  private func validateGroups() throws(PrivacyError) {
    var names: Set<GroupName> = []
    for group in groups {
      guard names.insert(group.name).inserted else { throw .repeatedGroup(arm: arm, group: group.name) }
      guard !group.members.isEmpty else { throw .emptyGroup(arm: arm, group: group.name) }
      var previous = -1
      for position in group.members {
        guard position > previous, position < items else {
          throw .invalidMember(arm: arm, group: group.name, position: position, items: items)
        }
        previous = position
      }
    }
  }
}

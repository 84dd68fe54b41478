import Foundation
package import Metrics
import Statistics

/// An arm's models and what each of them says about every audited item.
package struct ShadowModels: Equatable, Sendable {
  package var arm: String
  package var design: ShadowModelDesign
  /// `[model][item]`: whether the item was in the model's training set.
  package var masks: [[Bool]]
  package var scores: ShadowModelScores
  /// `[model][epoch][item]`: the loss after every epoch; `nil` if it was not kept.
  package var lossTraces: [[[Double]]]?
  /// The class index of every item; empty if scores are given directly.
  package var labels: [Int]
  /// Which cluster every item belongs to. Byte-identical items belong to one cluster, and the items of a cluster share
  /// their membership in every model, unless `permitsSplitClusters`.
  package var clusters: [Int]
  package var groups: [Subgroup]
  /// The items' names, for the list of exposed ones; empty if that list is not needed.
  package var itemNames: [String]
  /// Whether a cluster may have members and non-members of one model: only where the masks are external.
  package var permitsSplitClusters: Bool

  package init(
    arm: String, design: ShadowModelDesign = .symmetric, masks: [[Bool]], scores: ShadowModelScores,
    lossTraces: [[[Double]]]? = nil, labels: [Int], clusters: [Int], groups: [Subgroup], itemNames: [String] = [],
    permitsSplitClusters: Bool = false
  ) {
    self.arm = arm
    self.design = design
    self.masks = masks
    self.scores = scores
    self.lossTraces = lossTraces
    self.labels = labels
    self.clusters = clusters
    self.groups = groups
    self.itemNames = itemNames
    self.permitsSplitClusters = permitsSplitClusters
  }

  /// Shadow models of the symmetric design with one query of every item.
  ///
  /// - Parameter logits: `[model]`, each `[items, classes]`.
  package init(
    arm: String, masks: [[Bool]], logits: [Logits], labels: [Int], clusters: [Int], groups: [Subgroup]
  ) {
    self.init(
      arm: arm, masks: masks, scores: .logits(logits.map { [$0] }), labels: labels, clusters: clusters, groups: groups)
  }

  package var items: Int {
    switch scores {
    case .logits: labels.count
    case .direct(let scores, _): scores.first?.first?.count ?? 0
    }
  }

  /// The first models alone. An even number of symmetric shadow models is symmetric again, as pairs stay whole.
  package func prefix(models: Int) -> ShadowModels { reordered(models: Array(masks.indices.prefix(models))) }

  /// Some of the models, or all, in another order.
  ///
  /// - Parameter order: Positions among the models.
  package func reordered(models order: [Int]) -> ShadowModels {
    var shadowModels = self
    shadowModels.masks = order.filter(masks.indices.contains).map { masks[$0] }
    shadowModels.scores = scores.reordered(order)
    shadowModels.lossTraces = lossTraces.map { traces in
      order.filter(traces.indices.contains).map { traces[$0] }
    }
    return shadowModels
  }

  /// The attacked models.
  var targets: [Int] { design.targets(models: masks.count) }

  package var cautions: [ShadowModelCaution] {
    var cautions: [ShadowModelCaution] = []
    if design == .independent {
      let balance = CountBalance(self)
      if balance != .none { cautions.append(.modelsLeftOut) }
      if CountBalance.countsTell(self, balance: balance) { cautions.append(.countsMayTell) }
    }
    if firstSplitCluster != nil { cautions.append(.clustersAreSplit) }
    return cautions
  }

  /// The first model and item whose membership is not that of its cluster before it.
  var firstSplitCluster: (model: Int, item: Int)? {
    let index = ClusterIndex(clusters)
    for (model, mask) in masks.enumerated() {
      var membership = [Bool?](repeating: nil, count: index.count)
      for (item, (isMember, cluster)) in zip(mask, index.ofItem).enumerated() {
        if let known = membership[cluster], known != isMember { return (model, item) }
        membership[cluster] = isMember
      }
    }
    return nil
  }
}

/// Which models are attacked, and which of the others are their shadows.
package enum ShadowModelDesign: Hashable, Sendable {
  /// Models 2k and 2k + 1 are partners with complementary masks; each is the target once, and its partner is left out
  /// of its shadows, so that how many shadows have an item says nothing about the target.
  case symmetric
  /// Each model is the target once and all others are its shadows, apart from those that `CountBalance` leaves out item
  /// by item. If all were read, how many of them have an item could say whether the target has it: without memory the
  /// area under the curve is .476 rather than .5 where each item is in four of eight models.
  case independent
  /// One model is attacked by all others.
  case released(target: Int)

  /// The attacked models.
  package func targets(models: Int) -> [Int] {
    switch self {
    case .symmetric, .independent: Array(0..<models)
    case .released(let target): [target]
    }
  }

  /// The shadow models of a target, ascending.
  package func shadows(of target: Int, models: Int) -> [Int] {
    (0..<models).filter { $0 != target && !(self == .symmetric && $0 == target ^ 1) }
  }
}

/// The facts about shadow models that a reader of an attack's figures needs.
package enum ShadowModelCaution: String, Codable, Equatable, Sendable {
  /// How many of the shadow models have an item tells something about whether the target has it.
  case countsMayTell = "counts_may_tell"
  /// Shadow models are left out item by item, so that it does not.
  case modelsLeftOut = "models_left_out"
  /// Some cluster has members and non-members of one model.
  case clustersAreSplit = "clusters_are_split"
}

/// Written as its name; which of the models is the released one is not written, and read as the first.
extension ShadowModelDesign: Codable {
  package var name: String {
    switch self {
    case .symmetric: "symmetric"
    case .independent: "independent"
    case .released: "released"
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    switch try container.decode(String.self) {
    case "symmetric": self = .symmetric
    case "independent": self = .independent
    case "released": self = .released(target: 0)
    case let other:
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "there is no design \(other)")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

/// The meaning of a score that was given directly.
package enum ScoreKind: String, CaseIterable, Equatable, Sendable {
  /// The mean log-likelihood of a sequence's target tokens, at most 0; its negative is the loss.
  case logLikelihood = "log-likelihood"
  /// φ = log(p / (1 − p)) of the probability of the item's label.
  case logitScaled = "logit-scaled"
}

/// What shadow models say about the audited items, for one query of every item or several (such as an item and
/// its mirror image): the same for members and non-members.
package enum ShadowModelScores: Equatable, Sendable {
  /// `[model][query]`, each `[items, classes]`.
  case logits([[Logits]])
  /// `[model][query][item]`; higher for items that the model knows better.
  case direct([[[Double]]], ScoreKind)

  package var models: Int {
    switch self {
    case .logits(let logits): logits.count
    case .direct(let scores, _): scores.count
    }
  }

  /// φ of every model and query for every item, `[query][model][item]`: from logits the logit of the label's
  /// probability, otherwise the score itself.
  func confidences(labels: [Int]) -> [[[Double]]] {
    switch self {
    case .logits(let logits):
      Self.byQuery(
        concurrentMap(logits.count) { model in
          logits[model].map { query in
            labels.enumerated().map { MembershipScore.logitScaled(query, item: $0, label: $1) }
          }
        })
    case .direct(let scores, _): Self.byQuery(scores)
    }
  }

  /// The loss of every model for every item, `[model][item]`, by the first query.
  package func losses(labels: [Int]) -> [[Double]] {
    (confidences(labels: labels).first ?? []).map { $0.map(loss) }
  }

  /// The models in another order.
  func reordered(_ order: [Int]) -> ShadowModelScores {
    switch self {
    case .logits(let logits): .logits(order.filter(logits.indices.contains).map { logits[$0] })
    case .direct(let scores, let kind): .direct(order.filter(scores.indices.contains).map { scores[$0] }, kind)
    }
  }

  /// `confidences` as losses.
  func loss(ofConfidence confidence: Double) -> Double {
    switch self {
    case .logits, .direct(_, .logitScaled): MembershipScore.loss(ofScore: confidence)
    case .direct(_, .logLikelihood): -confidence
    }
  }

  /// `confidences` as probabilities.
  func probability(ofConfidence confidence: Double) -> Double { exp(-loss(ofConfidence: confidence)) }

  /// Transposes `[model][query]` to `[query][model]`.
  private static func byQuery<Value>(_ values: [[Value]]) -> [[Value]] {
    (values.first ?? []).indices.map { query in values.map { $0[query] } }
  }
}

extension ShadowModels {
  /// Checks that masks, scores, clusters and groups agree, and that the models fit their design.
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
      guard !group.items.isEmpty else { throw .emptyGroup(arm: arm, group: group.name) }
      var previous = -1
      for position in group.items {
        guard position > previous, position < items else {
          throw .invalidMember(arm: arm, group: group.name, position: position, items: items)
        }
        previous = position
      }
    }
  }
}

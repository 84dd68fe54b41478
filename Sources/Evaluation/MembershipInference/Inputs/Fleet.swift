package import Metrics
import Statistics

/// An arm's models and what each of them says about every audited item.
package struct Fleet: Equatable, Sendable {
  package var arm: String
  package var design: FleetDesign
  /// `[model][item]`: whether the item was in the model's training set.
  package var masks: [[Bool]]
  package var scores: FleetScores
  /// `[model][epoch][item]`: the loss after every epoch; `nil` where it was not kept.
  package var lossTraces: [[[Double]]]?
  /// The class index of every item; empty where scores are given directly.
  package var labels: [Int]
  /// Which cluster every item belongs to. Byte-identical items belong to one cluster, and the items of a cluster share
  /// their membership in every model, unless `permitsSplitClusters`.
  package var clusters: [Int]
  package var groups: [Subgroup]
  /// What the items are called, for the list of exposed ones; empty where nobody asks.
  package var itemNames: [String]
  /// Whether a cluster may have members and non-members of one model: only where masks were made elsewhere.
  package var permitsSplitClusters: Bool

  package init(
    arm: String, design: FleetDesign = .symmetric, masks: [[Bool]], scores: FleetScores,
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

  /// A symmetric fleet with one query of every item.
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

  /// The first models alone: of a symmetric fleet, whose pairs are whole, a symmetric fleet again.
  package func prefix(models: Int) -> Fleet { reordered(models: Array(masks.indices.prefix(models))) }

  /// Some of the models, or all, in another order.
  ///
  /// - Parameter order: Positions among the models.
  package func reordered(models order: [Int]) -> Fleet {
    var fleet = self
    fleet.masks = order.filter(masks.indices.contains).map { masks[$0] }
    fleet.scores = scores.reordered(order)
    fleet.lossTraces = lossTraces.map { traces in
      order.filter(traces.indices.contains).map { traces[$0] }
    }
    return fleet
  }

  /// The attacked models.
  var targets: [Int] { design.targets(models: masks.count) }

  package var cautions: [FleetCaution] {
    var cautions: [FleetCaution] = []
    if design == .independent { cautions.append(.countsMayTell) }
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

package import Fairness

/// An arm's shadow models and what each of them says about every audited item.
///
/// Models 2k and 2k + 1 are partners: their masks are complements, so that every item is a member of exactly half of
/// the models.
package struct Fleet: Equatable, Sendable {
  package var arm: String
  /// `[model][item]`: whether the item was in the model's training set.
  package var masks: [[Bool]]
  /// `[model]`, each `[items, classes]`.
  package var logits: [Logits]
  /// The class index of every item.
  package var labels: [Int]
  /// Which cluster every item belongs to. The items of a cluster share their membership in every model.
  package var clusters: [Int]
  package var groups: [Subgroup]

  package init(
    arm: String, masks: [[Bool]], logits: [Logits], labels: [Int], clusters: [Int], groups: [Subgroup]
  ) {
    self.arm = arm
    self.masks = masks
    self.logits = logits
    self.labels = labels
    self.clusters = clusters
    self.groups = groups
  }
}

/// What the arms say about items that nothing is reported of: what is fitted to predictions is fitted to these.
package struct ValidationPredictions: Equatable, Sendable {
  /// The class of every item; at least one.
  package var labels: [Int]
  /// Of every arm, the runs in the order of those that are evaluated.
  package var arms: [ArmPredictions]

  /// With members as positions among these items; those of the items that are evaluated, by name.
  package var groups: [Subgroup]

  package init(labels: [Int], arms: [ArmPredictions], groups: [Subgroup] = []) {
    (self.labels, self.arms, self.groups) = (labels, arms, groups)
  }
}

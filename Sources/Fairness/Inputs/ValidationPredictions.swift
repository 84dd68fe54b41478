/// What the arms say about items that nothing is reported of: what is fitted to predictions is fitted to these.
package struct ValidationPredictions: Equatable, Sendable {
  /// The class of every item; at least one.
  package var labels: [Int]
  /// Of every arm, the runs in the order of those that are evaluated.
  package var arms: [ArmPredictions]

  package init(labels: [Int], arms: [ArmPredictions]) {
    (self.labels, self.arms) = (labels, arms)
  }
}

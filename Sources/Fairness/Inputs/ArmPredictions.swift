/// What one trained model says about every item.
package struct RunPredictions: Equatable, Sendable {
  /// nil for a model that no seed changes, because it was trained elsewhere; its arm has this run alone.
  package var seed: Int?
  package var logits: Logits

  package init(seed: Int?, logits: Logits) {
    self.seed = seed
    self.logits = logits
  }
}

/// What one arm says about every item, once for each seed; or once, where no seed changes it.
package struct ArmPredictions: Equatable, Sendable {
  package var arm: String
  package var runs: [RunPredictions]

  package init(arm: String, runs: [RunPredictions]) {
    self.arm = arm
    self.runs = runs
  }
}

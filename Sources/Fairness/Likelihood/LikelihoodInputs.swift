/// What one arm's models make of some texts.
package struct ArmLikelihoods: Equatable, Sendable {
  package struct Run: Equatable, Sendable {
    /// nil for a model that no seed changes.
    package var seed: Int?
    /// Of every text the log-likelihood of its tokens, summed.
    package var sums: [Double]

    package init(seed: Int?, sums: [Double]) {
      self.seed = seed
      self.sums = sums
    }
  }

  package var arm: String
  package var runs: [Run]

  package init(arm: String, runs: [Run]) {
    self.arm = arm
    self.runs = runs
  }
}

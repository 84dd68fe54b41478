/// The mean training loss of every epoch of one run.
package struct RunLosses: Equatable, Sendable {
  package var arm: String
  /// The seed of a run; `nil` for a shadow model.
  package var seed: Int?
  /// The number of a shadow model in its fleet; `nil` for a run.
  package var model: Int?
  package var epochs: [Double]

  package init(arm: String, seed: Int?, model: Int?, epochs: [Double]) {
    self.arm = arm
    self.seed = seed
    self.model = model
    self.epochs = epochs
  }
}

/// The mean training loss of every epoch of one run.
package struct RunLosses: Equatable, Sendable {
  package var arm: String
  /// The seed of a run; `nil` for a shadow model.
  package var seed: Int?
  /// The number of a shadow model in its fleet; `nil` for a run.
  package var model: Int?
  package var epochs: [Double]
  /// The step whose gradient was not finite: the predictions are those of the parameters before it. `nil` where there was
  /// none.
  package var divergedAt: Int?

  package init(arm: String, seed: Int?, model: Int?, epochs: [Double], divergedAt: Int? = nil) {
    self.divergedAt = divergedAt
    self.arm = arm
    self.seed = seed
    self.model = model
    self.epochs = epochs
  }

  /// "full, seed 13" or "full, shadow model 3".
  var runText: String {
    "\(arm), \(seed.map { "seed \($0)" } ?? model.map { "shadow model \($0)" } ?? "one run")"
  }
}

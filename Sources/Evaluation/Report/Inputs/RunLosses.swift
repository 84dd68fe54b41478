internal import Statistics

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

/// A loss that is not finite is written as undefined, with its epoch from 1 as `n`; a run that did not diverge has no key
/// for it.
extension RunLosses: Codable {
  private enum CodingKeys: CodingKey {
    case arm, seed, model, epochs, divergedAt
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      arm: try container.decode(String.self, forKey: .arm), seed: try container.decode(Int?.self, forKey: .seed),
      model: try container.decode(Int?.self, forKey: .model),
      epochs: try container.decode([Double].self, forKey: .epochs),
      divergedAt: try container.decodeIfPresent(Int.self, forKey: .divergedAt))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(arm, forKey: .arm)
    try container.encode(seed, forKey: .seed)
    try container.encode(model, forKey: .model)
    let written = epochs.enumerated().map { epoch, loss -> Measured<Double> in
      loss.isFinite ? .value(loss) : .undefined(reason: "the figure is not finite", n: epoch + 1)
    }
    try container.encode(written, forKey: .epochs)
    if let divergedAt { try container.encode(divergedAt, forKey: .divergedAt) }
  }
}

import Statistics

/// How an arm adapts the base.
package enum ArmKind: String, Codable, Equatable, Sendable {
  /// A new head on the frozen base: a linear probe.
  case head
  /// The base as it is, untrained.
  case base
  case lora
  /// All weights.
  case full
  /// LoRA that was trained outside the audit, on data that are not known.
  case adapter
  /// Made from the predictions of another arm, without training.
  case derived
  /// A model known only by its predictions.
  case external
}

/// What an arm is and how it was trained.
package struct ArmDescription: Equatable, Sendable {
  package var name: String
  package var kind: ArmKind
  package var trainableParameters: Int
  /// The rank of the factors; `nil` for anything but LoRA.
  package var rank: Int?
  /// The share of the inputs of LoRA's factors that training drops.
  package var dropout: Double
  /// Whether LoRA is scaled by the root of its rank (Kalajdzievski 2023).
  package var isRankStabilized: Bool
  /// `nil` for an external adapter, as is `rate`.
  package var epochs: Int?
  /// The peak learning rate.
  package var rate: Double?

  package init(
    name: String, kind: ArmKind, trainableParameters: Int, rank: Int? = nil, dropout: Double = 0,
    isRankStabilized: Bool = false, epochs: Int?, rate: Double?
  ) {
    self.name = name
    self.kind = kind
    self.trainableParameters = trainableParameters
    self.rank = rank
    self.dropout = dropout
    self.isRankStabilized = isRankStabilized
    self.epochs = epochs
    self.rate = rate
  }
}

/// Where there is no rate, it is written as undefined with the reason.
extension ArmDescription: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, kind, trainableParameters, rank, dropout, epochs
    case isRankStabilized = "rank_stabilized"
    case rate = "learning_rate"
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try container.decode(String.self, forKey: .name), kind: try container.decode(ArmKind.self, forKey: .kind),
      trainableParameters: try container.decode(Int.self, forKey: .trainableParameters),
      rank: try container.decode(Int?.self, forKey: .rank),
      dropout: try container.decode(Double.self, forKey: .dropout),
      isRankStabilized: try container.decode(Bool.self, forKey: .isRankStabilized),
      epochs: try container.decode(Int?.self, forKey: .epochs),
      rate: try container.decode(Measured<Double>.self, forKey: .rate).value)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(kind, forKey: .kind)
    try container.encode(trainableParameters, forKey: .trainableParameters)
    try container.encode(rank, forKey: .rank)
    try container.encode(dropout, forKey: .dropout)
    try container.encode(isRankStabilized, forKey: .isRankStabilized)
    try container.encode(epochs, forKey: .epochs)
    let written: Measured<Double> =
      rate.map { .value($0) }
      ?? .undefined(
        reason: [.derived, .base].contains(kind) ? "nothing was trained" : "it was trained outside this audit", n: 0)
    try container.encode(written, forKey: .rate)
  }
}

extension AuditReport {
  /// The description of the arm with this name.
  func description(of arm: String) -> ArmDescription? {
    arms.first { $0.name == arm }
  }

  /// Arms that were trained outside the audit: their training data are unknown, so membership inference cannot be
  /// measured.
  var externalAdapters: [ArmDescription] { arms.filter { $0.kind == .adapter } }

  /// Whether only predictions are known: no model was trained or run.
  var isOfPredictions: Bool { remedies != nil || arms.allSatisfy { $0.kind == .external } }

  /// The arm that trains all weights: costs are given relative to it.
  var fullArm: ArmDescription? {
    arms.first { $0.kind == .full }
  }
}

/// How an arm adapts the base.
package enum ArmKind: String, Equatable, Sendable {
  /// A new head on the frozen base: a linear probe.
  case head
  /// The base as it is, untrained.
  case base
  case lora
  /// All weights.
  case full
  /// LoRA that was trained elsewhere, on data that are not known here.
  case adapter
  /// Made from the predictions of another arm, without training.
  case derived
  /// A model of which only predictions are known.
  case external
}

/// What an arm is and how it was trained.
package struct ArmDescription: Equatable, Sendable {
  package var name: String
  package var kind: ArmKind
  package var trainableParameters: Int
  /// The rank of the factors; `nil` but for LoRA.
  package var rank: Int?
  /// The share of the inputs of LoRA's factors that training drops.
  package var dropout: Double
  /// Whether LoRA is scaled by the root of its rank (Kalajdzievski 2023).
  package var isRankStabilized: Bool
  /// `nil` for an adapter that was trained elsewhere, and so is `rate`.
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

extension AuditReport {
  /// The description of the arm with this name.
  func description(of arm: String) -> ArmDescription? {
    arms.first { $0.name == arm }
  }

  /// The arms whose training data and shadow models are not the audit's, so that membership inference cannot be measured.
  var armsFromElsewhere: [ArmDescription] { arms.filter { $0.kind == .adapter } }

  /// Whether all that is known are predictions: no model was trained or run.
  var isOfPredictions: Bool { remedies != nil || arms.allSatisfy { $0.kind == .external } }

  /// The arm that trains all weights: what costs are given relative to.
  var fullArm: ArmDescription? {
    arms.first { $0.kind == .full }
  }
}

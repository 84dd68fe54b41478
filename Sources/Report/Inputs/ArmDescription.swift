/// How an arm adapts the base.
package enum ArmKind: String, Equatable, Sendable {
  /// The frozen base with a new head.
  case base
  case lora
  /// All weights.
  case full
}

/// What an arm is and how it was trained.
package struct ArmDescription: Equatable, Sendable {
  package var name: String
  package var kind: ArmKind
  package var trainableParameters: Int
  /// The rank of the factors; `nil` but for LoRA.
  package var rank: Int?
  package var epochs: Int
  /// The peak learning rate.
  package var rate: Double

  package init(
    name: String, kind: ArmKind, trainableParameters: Int, rank: Int? = nil, epochs: Int, rate: Double
  ) {
    self.name = name
    self.kind = kind
    self.trainableParameters = trainableParameters
    self.rank = rank
    self.epochs = epochs
    self.rate = rate
  }
}

extension AuditReport {
  /// The description of the arm with this name.
  func description(of arm: String) -> ArmDescription? {
    arms.first { $0.name == arm }
  }

  /// The arm that trains all weights: what costs are given relative to.
  var fullArm: ArmDescription? {
    arms.first { $0.kind == .full }
  }
}

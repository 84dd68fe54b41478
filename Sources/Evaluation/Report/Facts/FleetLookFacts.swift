import MembershipInference

extension FleetLook {
  func json(items: Int) -> JSONValue {
    .object([
      "arm": .string(arm), "planned_models": .integer(planned), "trained_models": .integer(trained),
      "sizes": .array(looks.map(JSONValue.integer)), "confidence": .figure(confidence, n: items),
      "reason": .string(reason.factName),
    ])
  }
}

extension LookDecision.Reason {
  /// The name in files.
  fileprivate var factName: String {
    switch self {
    case .narrowEnough: "narrow_enough"
    case .belowLimit: "below_limit"
    case .aboveLimit: "above_limit"
    case .fleetComplete: "all_models_trained"
    }
  }
}

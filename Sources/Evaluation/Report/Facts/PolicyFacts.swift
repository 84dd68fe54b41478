extension GateOutcome {
  /// The policy as it was fixed, and what the data say of it.
  var json: JSONValue {
    .object([
      "fixed": policy.json, "outcome": .string(outcome.rawValue),
      "judgements": .array(judgements.map(\.json)),
    ])
  }
}

extension Policy {
  package var json: JSONValue {
    var members: [String: JSONValue] = [
      "minimum_size": .integer(minimumSize), "rules": .array(rules.map(\.json)),
    ]
    if let owner { members["owner"] = .string(owner) }
    if let deadline { members["deadline"] = .string(deadline) }
    if let arms { members["arms"] = .array(arms.map(JSONValue.string)) }
    return .object(members)
  }
}

extension Policy.Rule {
  fileprivate var json: JSONValue {
    let (name, limit): (String, Double) =
      switch demand {
      case .atLeast(let limit): ("at_least", limit)
      case .atMost(let limit): ("at_most", limit)
      case .margin(let limit): ("margin", limit)
      }
    return .object([
      "metric": .string(metric.rawValue), "group": .string(groups.text), name: .figure(limit, n: 0),
    ])
  }
}

extension Judgement {
  package var json: JSONValue {
    var members: [String: JSONValue] = [
      "arm": .string(arm), "group": group.map(JSONValue.string) ?? .null, "rule": rule.json,
      "outcome": .string(outcome.rawValue),
    ]
    if let figure {
      members["figure"] = .object([
        "value": .figure(figure.value, n: figure.n), "lower": .figure(figure.lower, n: figure.n),
        "upper": .figure(figure.upper, n: figure.n), "n": .integer(figure.n),
      ])
    }
    if let reason { members["reason"] = .string(reason) }
    return .object(members)
  }
}

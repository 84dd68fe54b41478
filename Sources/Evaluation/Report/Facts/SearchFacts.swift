import Metrics

extension SettingsSearch {
  var json: JSONValue {
    .object([
      "seeds": .array(seeds.map(JSONValue.integer)), "validation_items": .integer(validationItems),
      "arms": .array(arms.map(\.json)),
    ])
  }
}

extension SettingsSearch.Arm {
  fileprivate var json: JSONValue {
    .object([
      "arm": .string(name), "chosen": .integer(chosen), "at_edge_of_grid": .boolean(isAtEdge),
      "candidates": .array(candidates.map(\.json)),
    ])
  }
}

extension SettingsSearch.Candidate {
  fileprivate var json: JSONValue {
    .object([
      "learning_rate": .figure(rate, n: epochs), "epochs": .integer(epochs), "accuracy": accuracy.json,
      "log_loss": logLoss.json, "diverged_runs": .integer(diverged),
    ])
  }
}

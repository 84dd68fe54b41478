internal import Metrics
package import Report

extension Monitor {
  /// The version of the form of `monitor.json`.
  static let schemaVersion = 1

  /// `monitor.json`: every figure of every window.
  package func document(of windows: [WindowReport]) -> JSONValue {
    .object([
      "schema": .integer(Self.schemaVersion),
      "reference": .object([
        "name": .string(reference.document.name), "arm": .string(run.arm), "seed": .optional(run.seed),
        "items": .integer(reference.items.count),
      ]),
      "policy": policy?.json ?? .null,
      "policy_chosen_afterwards": policy == nil ? .null : .boolean(isChosenAfterwards),
      "thresholds": .object([
        "adjusted_p_value": .figure(0.05, n: 0), "distance": .figure(Drift.Finding.leastDistance, n: 0),
        "stability_excess": .figure(Drift.Finding.leastStabilityExcess, n: 0),
        "share_effect": .figure(Drift.Finding.leastShareEffect, n: 0),
      ]),
      "assumption": .string(MonitorWords(language: .english).assumption),
      "outcome": .string(windows.outcome.rawValue),
      "windows": .array(windows.map(\.json)),
    ])
  }
}

extension WindowReport {
  var json: JSONValue {
    .object([
      "file": .string(file), "items": .integer(items), "labelled": .integer(labelled),
      "known_items": .integer(knownItems), "outcome": .string(outcome.rawValue),
      "unseen_groups": .array(unseenGroups.map { GroupName?.some($0).json }),
      "missing_groups": .array(missingGroups.map { GroupName?.some($0).json }),
      "missing_columns": .array(missingColumns.map(JSONValue.string)),
      "clusters_missing": .boolean(missingClusters != nil),
      "groups": .array(groups.map(\.json)), "drifts": .array(drifts.map(\.json)),
      "judgements": .array(judgements.map(\.json)), "evaluation": evaluationJSON,
    ])
  }

  /// As results.json has it.
  private var evaluationJSON: JSONValue {
    guard let evaluation else { return .undefined(reason: "no item is labelled", n: items) }
    guard case .object(let members) = evaluation.resultsDocument, case .array(let arms)? = members["evaluations"],
      let own = arms.first
    else { return .undefined(reason: "nothing was evaluated", n: labelled) }
    return own
  }
}

extension GroupFigures {
  fileprivate var json: JSONValue {
    .object([
      "group": group.json, "unseen": .boolean(isUnseen), "n": .integer(n), "labelled": .integer(labelled),
      "selection_rate": selectionRate.json(\.json), "reference_accuracy": referenceAccuracy.json(\.json),
      "label_free_estimate": estimate.json { estimate in
        .object([
          "accuracy": estimate.accuracy.json(n: n), "mean_confidence": .figure(estimate.meanConfidence, n: n),
          "reference_items": .integer(estimate.referenceItems),
          "calibrated_on": .string(estimate.isBorrowed || group == nil ? "all" : "group"),
        ])
      },
    ])
  }
}

extension Drift {
  fileprivate var json: JSONValue {
    var members: [String: JSONValue] = [
      "group": group.json, "reference_items": .integer(reference), "window_items": .integer(window),
      "look": .boolean(isLook),
      "finding": finding.json { $0.json(n: window) },
    ]
    switch subject {
    case .share: members["subject"] = .string("share")
    case .score: members["subject"] = .string("score")
    case .input(let feature):
      members["subject"] = .string("input")
      members["input"] = .string(feature.name)
    case .missing(let feature):
      members["subject"] = .string("missing")
      members["input"] = .string(feature.name)
    }
    return .object(members)
  }
}

extension Drift.Finding {
  fileprivate func json(n: Int) -> JSONValue {
    .object([
      "test": .string(test.rawValue), "effect": .figure(effect, n: n), "p_value": .figure(pValue, n: n),
      "adjusted_p_value": .figure(adjustedPValue, n: n),
      "reference": before.map { .figure($0, n: n) } ?? .null, "window": after.map { .figure($0, n: n) } ?? .null,
      "effective_reference_items": .figure(referenceN, n: n), "effective_window_items": .figure(windowN, n: n),
      "stability_index": stability.map {
        .object([
          "value": .figure($0.value, n: n), "expected_without_drift": .figure($0.expectedWithoutDrift, n: n),
          "bins": .integer($0.bins),
        ])
      } ?? .null,
    ])
  }
}

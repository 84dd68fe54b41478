import MembershipInference
import Metrics

extension AuditReport {
  /// The version of the form of `results.json` and `costs.json`.
  static let schemaVersion = 7

  /// `results.json`: facts only, no times, no workers, no costs; described by `Deploy/results.schema.json`.
  package func results() -> [UInt8] {
    resultsDocument.bytes
  }

  package var resultsDocument: JSONValue {
    .object([
      "schema": .integer(Self.schemaVersion),
      "name": .string(name),
      "task": .string(task),
      "plan": .object(["hash": .string(planHash), "version": .integer(planVersion)]),
      "classes": .array(classNames.map(JSONValue.string)),
      "positive_class": positiveClass.map(JSONValue.string) ?? .null,
      "items": counts.json,
      "data_notes": .array(
        DataNote.Kind.allCases.map { kind in
          .object(["kind": .string(kind.rawValue), "items": .integer(dataNotes.count { $0.kind == kind })])
        }),
      "cluster_column": clusterColumn.map(JSONValue.string) ?? .null,
      "seeds": .array(seeds.map(JSONValue.integer)),
      "precision": .string(precision),
      "flip_probability": .figure(mirroredShare, n: counts.train),
      "groups": groups.json,
      "policy": gate?.json ?? .null,
      "pooled_groups": .array(
        pooledGroups.map { group in
          .object([
            "column": .string(group.column), "value": .string(group.value), "n": .integer(group.items),
          ])
        }),
      "arms": .array(arms.map(\.json)),
      "learning_rates_fixed_by_hand": .boolean(ratesWereFixed),
      "search": search?.json ?? .null,
      "decision": fairness.decisionJSON(testItems: counts.test),
      "evaluations": .array(fairness.arms.map { $0.json(classNames: classNames) }),
      "likelihoods": likelihoods?.json ?? .null,
      "translation": translation?.json ?? .null,
      "choices": choices?.json ?? .null,
      "cloze": cloze?.json ?? .null,
      "comparisons": .array(fairness.comparisons.map(\.json)),
      "exploratory_comparisons": .array(fairness.exploratoryComparisons.map(\.json)),
      "further_tests": .array(furtherTests.map { $0.json(classNames: classNames) }),
      "privacy": privacyJSON,
      "losses": .array(losses.map(\.json)),
    ])
  }

  /// Why an adapter from elsewhere has no membership inference.
  static let whyNoFleet =
    "it was trained elsewhere: its training data are not known, and no shadow models were made as it was"

  private var privacyJSON: JSONValue {
    guard !privacy.isEmpty else { return .undefined(reason: "membership inference was not measured", n: 0) }
    return .object([
      "models": .integer(fleetModels), "pool_items": .integer(poolItems), "queries": .integer(queries),
      "shadow_items": .optional(shadowItems),
      "arms": .array(privacy.map(\.json)),
      "decision": privacyRule.json(familySize: privacyComparisons.count { $0.isInFamily }),
      "comparisons": .array(privacyComparisons.map(\.json)),
      "interim_analyses": .array(fleetLooks.map { $0.json(items: poolItems) }),
      "not_measured": .array(
        armsFromElsewhere.map { .object(["arm": .string($0.name), "reason": .string(Self.whyNoFleet)]) }),
    ])
  }
}

extension FurtherTest {
  fileprivate func json(classNames: [String]) -> JSONValue {
    .object([
      "name": .string(name), "n": .integer(items), "trained_on": .integer(trainedOn),
      "cluster_column": clusterColumn.map(JSONValue.string) ?? .null,
      "groups": groups.json,
      "decision": fairness.decisionJSON(testItems: items),
      "evaluations": .array(fairness.arms.map { $0.json(classNames: classNames) }),
      "comparisons": .array(fairness.comparisons.map(\.json)),
      "exploratory_comparisons": .array(fairness.exploratoryComparisons.map(\.json)),
    ])
  }
}

extension [Subgroup] {
  fileprivate var json: JSONValue {
    .array(
      map { group in
        .object([
          "column": .string(group.column), "value": .string(group.value), "n": .integer(group.members.count),
        ])
      })
  }
}

extension ItemCounts {
  fileprivate var json: JSONValue {
    .object([
      "total": .integer(items), "train": .integer(train), "validation": .integer(validation), "test": .integer(test),
    ])
  }
}

extension ArmDescription {
  fileprivate var json: JSONValue {
    .object([
      "name": .string(name), "kind": .string(kind.rawValue), "trainable_parameters": .integer(trainableParameters),
      "rank": .optional(rank), "dropout": .figure(dropout, n: trainableParameters),
      "rank_stabilized": .boolean(isRankStabilized), "epochs": .optional(epochs),
      "learning_rate": rate.map { .figure($0, n: epochs ?? 0) }
        ?? .undefined(
          reason: [.derived, .base].contains(kind) ? "nothing was trained" : "it was trained elsewhere", n: 0),
    ])
  }
}

extension RunLosses {
  fileprivate var json: JSONValue {
    var members: [String: JSONValue] = [
      "arm": .string(arm), "seed": .optional(seed), "model": .optional(model),
      "epochs": .array(epochs.enumerated().map { .figure($1, n: $0 + 1) }),
    ]
    if let divergedAt { members["diverged_at"] = .integer(divergedAt) }
    return .object(members)
  }
}

extension FairnessEvaluation {
  fileprivate func decisionJSON(testItems: Int) -> JSONValue {
    .object([
      "metric": .string(rule.metric.rawValue), "margin": .figure(rule.margin, n: testItems),
      "minimum_group_size": .integer(rule.minimumGroupSize), "family_size": .integer(familySize),
    ])
  }
}

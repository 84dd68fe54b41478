import Metrics

extension ClozeEvaluation {
  var json: JSONValue {
    .object([
      "arms": .array(
        arms.map { arm in
          .object([
            "arm": .string(arm.arm), "overall": arm.overall.json, "groups": .array(arm.groups.map(\.json)),
          ])
        }),
      "comparisons": .array(comparisons.map(\.json)),
    ])
  }
}

extension ClozeMeasures {
  fileprivate var json: JSONValue {
    .object([
      "group": group.json, "n": .integer(n), "clusters": .integer(clusters), "ties": .integer(ties),
      "candidates": .array(
        candidates.map { candidate in
          .object([
            "candidate": .string(candidate.candidate), "n": .integer(candidate.n),
            "share": candidate.share.json(\.json), "probability": candidate.mass.json { $0.json(n: candidate.n) },
            "probability_seed_spread": candidate.massSpread.json(\.json),
          ])
        }),
    ])
  }
}

extension ClozeComparison {
  fileprivate var json: JSONValue {
    .object([
      "arm": .string(arm), "reference": .string(reference), "group": group.json, "candidate": .string(candidate),
      "n": .integer(n), "share": share.json { $0.json(n: n) }, "probability": mass.json { $0.json(n: n) },
    ])
  }
}

import Metrics

extension PairedComparison {
  var json: JSONValue {
    .object([
      "arm": .string(arm), "reference": .string(reference), "group": group.json, "n": .integer(n),
      "clusters": .integer(clusters), "discordant_clusters": .integer(discordantClusters),
      "estimate": .figure(estimate, n: n), "interval": interval.json(n: n),
      "interval_method": .string(intervalMethod.factName), "seed_spread": seedSpread.json,
      "p_value": .figure(pValue, n: n), "test": .string(test.factName),
      "adjusted_p_value": adjustedPValue.json { .figure($0, n: n) },
      "exploratory": .boolean(!isInFamily), "verdict": verdict.json,
    ])
  }
}

extension Verdict {
  var json: JSONValue {
    var members: [String: JSONValue] = ["verdict": .string(factName)]
    if case .notEnoughData(let because, let moreItems) = self {
      members["because"] = .string(because.factName)
      members["more_items"] = .optional(moreItems)
      if case .belowMinimumSize(let minimum) = because { members["minimum"] = .integer(minimum) }
    }
    return .object(members)
  }
}

import Metrics

extension ChoiceEvaluation {
  var json: JSONValue {
    .object([
      "arms": .array(
        arms.map { arm in
          .object(["arm": .string(arm.arm), "prompts": .array(arm.wordings.map(\.json))])
        }),
      "comparisons": .array(comparisons.map(\.json)),
    ])
  }
}

extension WordingEvaluation {
  fileprivate var json: JSONValue {
    .object([
      "prompt": wording.map(JSONValue.string) ?? .null, "overall": overall.json, "groups": .array(groups.map(\.json)),
    ])
  }
}

extension ChoiceMeasures {
  fileprivate var json: JSONValue {
    .object([
      "group": group.json, "n": .integer(n), "clusters": .integer(clusters), "accuracy": accuracy.json(\.json),
      "ambiguous_accuracy": ambiguousAccuracy.json(\.json),
      "disambiguated_accuracy": disambiguatedAccuracy.json(\.json),
      "ambiguous_bias": ambiguousBias.json { $0.json(n: n) },
      "disambiguated_bias": disambiguatedBias.json { $0.json(n: n) },
      "kinds": kinds.json { .array($0.map { .object(["kind": .string($0.kind.rawValue), "share": $0.share.json]) }) },
      "options": options.json {
        .array($0.map { .object(["option": .string($0.option), "share": $0.share.json]) })
      },
      "seed_spreads": .array(
        seedSpreads.map {
          .object(["figure": .string($0.figure.rawValue), "spread": $0.spread.json(\.json)])
        }),
      "ties": .integer(ties), "token_bias": tokenBias.json { $0.json(n: n) },
    ])
  }
}

extension TokenBias {
  fileprivate func json(n: Int) -> JSONValue {
    .object([
      "follows_content": followsContent.json, "label_bias": followsLabel.json, "mixed": mixed.json,
      "labels": .array(
        labels.map {
          .object([
            "label": .string($0.label), "share": $0.share.json, "uniform": .figure($0.uniform, n: n),
            "accuracy": $0.accuracy.json(\.json),
          ])
        }),
      "position_bias": .object([
        "value": .figure(labelVariation.value, n: n), "expected": .figure(labelVariation.expected, n: n),
        "p_value": .figure(labelVariation.pValue, n: n),
      ]),
      "single_order_accuracy": singleOrderAccuracy.json(\.json), "tied_orders": .integer(tiedOrders),
    ])
  }
}

extension ChoiceComparison {
  fileprivate var json: JSONValue {
    .object([
      "arm": .string(arm), "reference": .string(reference), "prompt": wording.map(JSONValue.string) ?? .null,
      "group": group.json, "figure": .string(figure.rawValue), "n": .integer(n),
      "difference": difference.json { $0.json(n: n) },
    ])
  }
}

extension FigureDifference {
  func json(n: Int) -> JSONValue {
    .object([
      "value": .figure(value, n: n), "interval": interval.json { $0.json(n: n) }, "seed_spread": seedSpread.json,
    ])
  }
}

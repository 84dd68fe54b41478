import Metrics

extension ColumnGaps {
  var json: JSONValue {
    .object([
      "column": .string(column),
      "demographic_parity_difference": demographicParityDifference.json(\.json),
      "equal_opportunity_difference": equalOpportunityDifference.json(\.json),
      "equalized_odds_difference": equalizedOddsDifference.json(\.json),
      "accuracy_spread": accuracySpread.json(\.json),
      "worst_group": .object(["value": .string(worstGroup.value), "accuracy": worstGroup.accuracy.json]),
    ])
  }
}

extension Gap {
  fileprivate var json: JSONValue {
    .object(
      [
        "value": .figure(value, n: leftOut.count), "rate": .string(rate.factName), "highest": .string(highest),
        "lowest": .string(lowest), "left_out": .array(leftOut.map { .string($0.value) }),
        "left_out_reasons": .array(leftOut.map { .string($0.reason) }),
      ].merging(test.json) { $1 })
  }
}

extension AccuracySpread {
  fileprivate var json: JSONValue {
    .object(
      [
        "value": .figure(value, n: test.permutations), "highest": .string(highest), "lowest": .string(lowest),
      ].merging(test.json) { $1 })
  }
}

extension SpreadTest {
  fileprivate var json: [String: JSONValue] {
    [
      "expected_under_no_difference": .figure(expectedUnderNoDifference, n: permutations),
      "p_value": .figure(pValue, n: permutations), "permutations": .integer(permutations),
    ]
  }
}

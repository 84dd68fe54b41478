import Support

extension RateEvaluation {
  /// Rates and gaps of one vector of outcomes.
  ///
  /// - Parameters:
  ///   - subsets: All items first, then every group.
  ///   - spreads: Those of every column; `nil` for a column with fewer than two groups.
  init(_ outcomes: ItemOutcomes, subsets: [ItemSubset], items: EvaluationItems, spreads: [ColumnSpreads?]) {
    let rates = subsets.map { GroupRates($0, outcomes: outcomes, items: items) }
    overall = rates[0]
    groups = Array(rates.dropFirst())
    columns = []
    for (column, spreads) in zip(items.groups.columns, spreads) {
      let memberships = items.groups.filter { $0.column == column }
      let computation = GapComputation(
        rates: groups.filter { $0.group?.column == column }, n: Set(memberships.flatMap(\.members)).count,
        spreads: spreads)
      guard let worst = computation.worstGroup else { continue }
      columns.append(
        ColumnGaps(
          column: column, demographicParityDifference: computation.demographicParityDifference,
          equalOpportunityDifference: computation.equalOpportunityDifference,
          equalizedOddsDifference: computation.equalizedOddsDifference,
          accuracySpread: computation.accuracySpread, worstGroup: worst))
    }
  }
}

/// The largest differences between the groups of one column, permuted.
struct ColumnSpreads: Sendable {
  private static let permutations = 4_000

  var accuracy: SpreadPermutation.Spreads
  /// Without a positive class there are none of these.
  var selection: SpreadPermutation.Spreads?
  var truePositives: SpreadPermutation.Spreads?
  var falsePositives: SpreadPermutation.Spreads?

  init(_ memberships: ColumnMemberships, outcomes: ItemOutcomes, items: EvaluationItems, key: RandomKey) {
    func spreads(_ values: [Double], _ name: String, where isCounted: (Int) -> Bool) -> SpreadPermutation.Spreads {
      SpreadPermutation(memberships, values: values, runs: outcomes.runs, where: isCounted)
        .spreads(permutations: Self.permutations, key: key[name])
    }
    accuracy = spreads(outcomes.correct, "accuracy") { _ in true }
    guard let positiveClass = items.positiveClass else { return }
    selection = spreads(outcomes.selected, "selection") { _ in true }
    truePositives = spreads(outcomes.selected, "true positives") { items.labels[$0] == positiveClass }
    falsePositives = spreads(outcomes.selected, "false positives") { items.labels[$0] != positiveClass }
  }
}

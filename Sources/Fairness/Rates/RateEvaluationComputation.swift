extension RateEvaluation {
  /// Rates and gaps of one vector of outcomes.
  ///
  /// - Parameters:
  ///   - subsets: All items first, then every group.
  ///   - spreads: The permutation finding of every column; `nil` for a column with fewer than two groups.
  init(
    _ outcomes: ItemOutcomes, subsets: [ItemSubset], items: EvaluationItems, spreads: [SpreadPermutation.Finding?]
  ) {
    let rates = subsets.map { GroupRates($0, outcomes: outcomes, items: items) }
    overall = rates[0]
    groups = Array(rates.dropFirst())
    columns = []
    for (column, finding) in zip(items.groups.columns, spreads) {
      let memberships = items.groups.filter { $0.column == column }
      let computation = GapComputation(
        rates: groups.filter { $0.group?.column == column }, n: Set(memberships.flatMap(\.members)).count)
      guard let worst = computation.worstGroup else { continue }
      columns.append(
        ColumnGaps(
          column: column, demographicParityDifference: computation.demographicParityDifference,
          equalOpportunityDifference: computation.equalOpportunityDifference,
          equalizedOddsDifference: computation.equalizedOddsDifference,
          accuracySpread: computation.accuracySpread(finding), worstGroup: worst))
    }
  }
}

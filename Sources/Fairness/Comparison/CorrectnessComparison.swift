package import RandomNumbers

/// One declared comparison of which it is known who is right about what.
package struct CorrectnessComparison: Equatable, Sendable {
  package var comparison: ArmComparison
  /// For every seed, 1 for each item that the arm is right about, otherwise 0.
  package var arm: [[Double]]
  /// The same of the reference, in the same order of seeds.
  package var reference: [[Double]]

  package init(_ comparison: ArmComparison, arm: [[Double]], reference: [[Double]]) {
    self.comparison = comparison
    self.arm = arm
    self.reference = reference
  }
}

extension PairedComparison {
  /// The comparisons that `FairnessEvaluation.evaluate` makes, without the rest of an evaluation and from correctness
  /// alone: what simulations need thousands of.
  ///
  /// - Parameters:
  ///   - items: Their groups form the family.
  ///   - isOverallIncluded: Whether the comparison over all items comes first; it is outside the family.
  ///   - resamples: Of the bootstrap of every interval.
  /// - Throws: `EvaluationError` for items that disagree with their groups, a rule that means nothing, seeds of one side
  ///   alone, or another number of items.
  package static func family(
    _ comparisons: [CorrectnessComparison], items: EvaluationItems, rule: DecisionRule,
    isOverallIncluded: Bool = true, resamples: Int = PairedComparison.resamples, key: RandomKey
  ) throws(EvaluationError) -> [PairedComparison] {
    try items.validate()
    try rule.validate()
    for comparison in comparisons {
      let name = comparison.comparison
      guard comparison.arm.count == comparison.reference.count else {
        throw .unequalSeeds(
          arm: name.arm, seeds: Array(comparison.arm.indices), reference: name.reference,
          referenceSeeds: Array(comparison.reference.indices))
      }
      guard !comparison.arm.isEmpty else { throw .noRuns(arm: name.arm) }
      for (arm, runs) in [(name.arm, comparison.arm), (name.reference, comparison.reference)] {
        for run in runs where run.count != items.count {
          throw .countMismatch(
            what: "items that arm \(arm) is right or wrong about", expected: items.count, found: run.count)
        }
      }
    }
    let overall = isOverallIncluded ? [ItemSubset(group: nil, of: items)] : []
    return ComparisonFamily.compare(
      comparisons.map(\.comparison),
      outcomes: comparisons.map { pair in
        (pair.arm.map(ItemOutcomes.init(correct:)), pair.reference.map(ItemOutcomes.init(correct:)))
      },
      subsets: overall + items.groups.map { ItemSubset(group: $0, of: items) }, items: items, rule: rule,
      resamples: resamples, key: key)
  }
}

extension ItemOutcomes {
  /// One run of which only the correctness is known.
  fileprivate init(correct: [Double]) {
    self.init(runs: 1, correct: correct, selected: [])
  }
}

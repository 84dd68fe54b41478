package import RandomNumbers

/// One comparison of two arms by a score that every item has, a fraction from 0 to 1 such as ROUGE-L.
package struct ScoreComparison: Equatable, Sendable {
  package var comparison: ArmComparison
  /// For every seed the score of every item.
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
  /// Scores are counted in parts of this, so that sums are exact in any order.
  private static let resolution = 1 << 30

  /// The comparisons of a mean score, as those of accuracy are made: over all items and in every group, with intervals from
  /// whole clusters, tests by flipped signs, Holm's correction of the declared ones, and the rule's verdicts.
  ///
  /// - Parameters:
  ///   - items: Their groups form the family.
  ///   - isDeclared: Whether they were declared before the run; others are corrected for nothing.
  ///   - resamples: Of the bootstrap of every interval.
  /// - Throws: `EvaluationError` for items that disagree with their groups, a rule that means nothing, seeds of one side
  ///   alone, another number of items, or a score outside 0 to 1.
  package static func family(
    ofScores comparisons: [ScoreComparison], items: EvaluationItems, rule: DecisionRule, isDeclared: Bool = true,
    resamples: Int = PairedComparison.resamples, key: RandomKey
  ) throws(EvaluationError) -> [PairedComparison] {
    try items.validate()
    try rule.validate()
    for comparison in comparisons { try comparison.validate(items: items) }
    let subsets = [ItemSubset(group: nil, of: items)] + items.groups.map { ItemSubset(group: $0, of: items) }
    return ComparisonFamily.compare(
      comparisons.map(\.comparison),
      outcomes: comparisons.map { pair in (pair.arm.map(outcomes), pair.reference.map(outcomes)) },
      isDeclared: isDeclared, subsets: subsets, items: items, rule: rule, resolution: resolution,
      resamples: resamples, key: key)
  }

  private static func outcomes(_ scores: [Double]) -> ItemOutcomes {
    ItemOutcomes(runs: 1, correct: scores.map { ($0 * Double(resolution)).rounded() }, selected: [])
  }
}

extension ScoreComparison {
  fileprivate func validate(items: EvaluationItems) throws(EvaluationError) {
    guard arm.count == reference.count else {
      throw .unequalSeeds(
        arm: comparison.arm, seeds: Array(arm.indices), reference: comparison.reference,
        referenceSeeds: Array(reference.indices))
    }
    guard !arm.isEmpty else { throw .noRuns(arm: comparison.arm) }
    for (name, runs) in [(comparison.arm, arm), (comparison.reference, reference)] {
      for run in runs {
        guard run.count == items.count else {
          throw .countMismatch(what: "items with scores of arm \(name)", expected: items.count, found: run.count)
        }
        if let wrong = run.firstIndex(where: { !(0...1).contains($0) }) {
          throw .scoreOutsideRange(arm: name, item: items.identifiers[wrong], score: run[wrong])
        }
      }
    }
  }
}

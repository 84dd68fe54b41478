package import Support

/// One comparison of two arms by what every item has of each: whether it is right, or a score from 0 to 1 such as ROUGE-L.
package struct ScoreComparison: Equatable, Sendable {
  package var comparison: ArmComparison
  /// For every seed the score of every item; 1 if the arm is right about it.
  package var arm: [[Double]]
  /// The same of the reference, in the same order of seeds.
  package var reference: [[Double]]

  package init(_ comparison: ArmComparison, arm: [[Double]], reference: [[Double]]) {
    self.comparison = comparison
    self.arm = arm
    self.reference = reference
  }

  /// nil if an arm of the comparison is not among `arms`.
  ///
  /// - Parameter scores: of every arm and run, the score of every item.
  package init?<Output>(_ comparison: ArmComparison, arms: [ArmRuns<Output>], scores: [[[Double]]]) {
    guard let paired = RunPairs(comparison, arms: arms)?.values(scores) else { return nil }
    self.init(comparison, arm: paired.arm, reference: paired.reference)
  }

  /// What scores are.
  package enum Kind: Sendable {
    /// 0 or 1: whether the arm is right.
    case correctness
    /// Anything from 0 to 1.
    case fraction

    /// What an item that is wholly right counts: fractions are counted in whole parts, so that sums are exact in any order.
    var resolution: Int {
      switch self {
      case .correctness: 1
      case .fraction: 1 << 30
      }
    }
  }
}

extension PairedComparison {
  /// The comparisons of a mean score, as `FairnessEvaluation.evaluate` makes those of accuracy, without the rest of an
  /// evaluation: over all items and in every group, with intervals from whole clusters, tests by flipped signs, Holm's
  /// correction of the declared ones, and the rule's verdicts.
  ///
  /// - Parameters:
  ///   - items: Their groups form the family.
  ///   - isDeclared: Whether they were declared before the run; others are corrected for nothing.
  ///   - isOverallIncluded: Whether the comparison over all items comes first; it is outside the family.
  ///   - resamples: Of the bootstrap of every interval.
  /// - Throws: `EvaluationError` for items that disagree with their groups, a rule that means nothing, seeds of one side
  ///   alone, another number of items, or a score outside 0 to 1.
  package static func family(
    _ comparisons: [ScoreComparison], of kind: ScoreComparison.Kind, items: EvaluationItems, rule: DecisionRule,
    isDeclared: Bool = true, isOverallIncluded: Bool = true, resamples: Int = PairedComparison.resamples,
    key: RandomKey
  ) throws(EvaluationError) -> [PairedComparison] {
    try items.validate()
    try rule.validate()
    for comparison in comparisons { try comparison.validate(items: items) }
    func outcomes(_ runs: [[Double]]) -> [ItemOutcomes] {
      runs.map { scores in
        ItemOutcomes(correct: scores.map { ($0 * Double(kind.resolution)).rounded() }, selected: [])
      }
    }
    let overall = isOverallIncluded ? [ItemSubset(group: nil, of: items)] : []
    return ComparisonFamily.compare(
      comparisons.map(\.comparison), outcomes: comparisons.map { (outcomes($0.arm), outcomes($0.reference)) },
      isDeclared: isDeclared, subsets: overall + items.groups.map { ItemSubset(group: $0, of: items) }, items: items,
      rule: rule, resolution: kind.resolution, resamples: resamples, key: key)
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

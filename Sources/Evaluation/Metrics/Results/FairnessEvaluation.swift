/// Everything that the predictions say about groups: rates, gaps and calibration of every arm, and the declared
/// comparisons.
package struct FairnessEvaluation: Equatable, Sendable {
  package var rule: DecisionRule
  /// In the order of the predictions.
  package var arms: [ArmEvaluation]
  /// For every declared comparison: over all items first, then by group, in the order of the items' groups.
  package var comparisons: [PairedComparison]
  /// Those that were not declared, in the same order; outside Holm's family.
  package var exploratoryComparisons: [PairedComparison]
  /// The number of comparisons that Holm's correction counts: groups times declared comparisons.
  package var familySize: Int

  init(
    rule: DecisionRule, arms: [ArmEvaluation], comparisons: [PairedComparison],
    exploratoryComparisons: [PairedComparison], familySize: Int
  ) {
    self.rule = rule
    self.arms = arms
    self.comparisons = comparisons
    self.exploratoryComparisons = exploratoryComparisons
    self.familySize = familySize
  }

  /// Of items that have no classes.
  package init(unmeasured rule: DecisionRule) {
    self.init(rule: rule, arms: [], comparisons: [], exploratoryComparisons: [], familySize: 0)
  }
}

package import Statistics

/// What language models make of the texts of one group, or of all.
package struct GroupLikelihood: Codable, Equatable, Sendable {
  /// nil for all texts.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  /// Tokens that are predicted.
  package var tokens: Int
  /// exp(−log-likelihood of all texts / their tokens), averaged over seeds.
  package var perplexity: SeededEstimate
  /// The mean over texts of exp(log-likelihood / tokens), from 0 to 1: every text weighs the same.
  package var tokenProbability: SeededEstimate
}

package struct ArmLikelihood: Codable, Equatable, Sendable {
  package var arm: String
  package var overall: GroupLikelihood
  /// In the order of the items' groups.
  package var groups: [GroupLikelihood]
}

/// Perplexity and probability of texts by arm and group, and how arms compare.
package struct LikelihoodEvaluation: Equatable, Sendable {
  /// About the token probability.
  package var rule: DecisionRule
  package var arms: [ArmLikelihood]
  /// For every declared comparison: over all texts first, then by group.
  package var comparisons: [PairedComparison]
  package var exploratoryComparisons: [PairedComparison]
  /// The number of comparisons that Holm's correction counts.
  package var familySize: Int
}

package import Statistics

/// What is said about an arm's translations of one group, or of all sentences.
package struct GroupTranslationQuality: Codable, Equatable, Sendable {
  /// nil for all sentences.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  /// Corpus BLEU in points, 0 to 100.
  package var bleu: Measured<SeededEstimate>
  /// The mean over sentences, 0 to 1.
  package var rougeL: Measured<SeededEstimate>
  /// Of all sentences.
  package var pronouns: Measured<PronounShares>
  /// Of sentences whose stereotype is female.
  package var pronounsOfFemaleStereotype: Measured<PronounShares>
  /// Of sentences whose stereotype is male.
  package var pronounsOfMaleStereotype: Measured<PronounShares>
  package var femaleF1: Measured<SeededEstimate>
  package var maleF1: Measured<SeededEstimate>
  /// F1 male − F1 female.
  package var deltaG: Measured<SeededEstimate>
  package var proStereotypicalAccuracy: Measured<Proportion>
  package var antiStereotypicalAccuracy: Measured<Proportion>
  /// Pro-stereotypical minus anti-stereotypical accuracy.
  package var deltaS: Measured<SeededEstimate>
}

/// What is said about one arm's translations.
package struct ArmTranslationQuality: Codable, Equatable, Sendable {
  package var arm: String
  package var overall: GroupTranslationQuality
  /// In the order of the items' groups.
  package var groups: [GroupTranslationQuality]
}

/// An arm's figures minus a reference's on the same sentences and seeds, with intervals from the same resamples, in one
/// group or over all sentences.
package struct TranslationDifference: Codable, Equatable, Sendable {
  package var arm: String
  package var reference: String
  /// nil for all sentences.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  /// In points.
  package var bleu: Measured<SeededEstimate>
  package var rougeL: Measured<SeededEstimate>
  package var deltaG: Measured<SeededEstimate>
  package var deltaS: Measured<SeededEstimate>
}

/// Everything that translations say about arms and groups.
package struct TranslationEvaluation: Equatable, Sendable {
  /// About ROUGE-L, whose margin is a share: .03 is three points.
  package var rule: DecisionRule
  /// Of the intervals of `arms` and `differences`; `comparisons` have 95 % always.
  package var confidence: Double
  /// In the order of the translations.
  package var arms: [ArmTranslationQuality]
  /// For every comparison, declared ones first: over all sentences, then by group, in the order of the items' groups.
  package var differences: [TranslationDifference]
  /// The verdicts on ROUGE-L of every declared comparison, in the same order.
  package var comparisons: [PairedComparison]
  /// Those on ROUGE-L that were not declared; outside Holm's family.
  package var exploratoryComparisons: [PairedComparison]
  /// The number of comparisons that Holm's correction counts: groups times declared comparisons.
  package var familySize: Int
}

import Statistics
import Support

/// All that is said about one group, or about all sentences.
struct SubsetDescription {
  /// In the order of the arms.
  let arms: [GroupTranslationQuality]
  /// In the order of the comparisons.
  let differences: [TranslationDifference]

  /// - Parameters:
  ///   - rows: Of every arm and run the rows of `scores`.
  init(
    _ subset: ItemSubset, items: TranslationItems, arms: [ArmTranslations], scores: [[SentenceScores]],
    rows: [[[[Double]]]],
    comparisons: [ArmComparison], resamples: Int, confidence: Double, key: RandomKey
  ) {
    let resampled = QualityResamples(
      subset, arms: rows, resamples: resamples, confidence: confidence,
      key: key.named(subset.name))
    self.arms = arms.indices.map { arm in
      let seeds = arms[arm].runs.map(\.seed)
      let counts = PronounCounts(scores[arm], subset: subset, items: items, confidence: confidence)
      func estimate(_ figure: TranslationFigure) -> Measured<SeededEstimate> {
        resampled.estimate(figure, arm: arm, seeds: seeds)
      }
      return GroupTranslationQuality(
        group: subset.name, n: subset.members.count, clusters: subset.clusters.count, bleu: estimate(.bleu),
        rougeL: estimate(.rougeL), pronouns: counts.shares(),
        pronounsOfFemaleStereotype: counts.shares(of: .female), pronounsOfMaleStereotype: counts.shares(of: .male),
        femaleF1: estimate(.femaleF1), maleF1: estimate(.maleF1), deltaG: estimate(.deltaG),
        proStereotypicalAccuracy: counts.accuracy(isPro: true),
        antiStereotypicalAccuracy: counts.accuracy(isPro: false), deltaS: estimate(.deltaS))
    }
    differences = comparisons.compactMap { comparison in
      guard let runs = RunPairs(comparison, arms: arms) else { return nil }
      func difference(_ figure: TranslationFigure) -> Measured<SeededEstimate> {
        resampled.difference(
          figure, runs: runs, seeds: (arms[runs.arm].runs.map(\.seed), arms[runs.reference].runs.map(\.seed)))
      }
      return TranslationDifference(
        arm: comparison.arm, reference: comparison.reference, group: subset.name, n: subset.members.count,
        clusters: subset.clusters.count,
        bleu: difference(.bleu), rougeL: difference(.rougeL), deltaG: difference(.deltaG),
        deltaS: difference(.deltaS))
    }
  }
}

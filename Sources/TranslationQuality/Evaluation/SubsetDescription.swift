import Fairness
import RandomNumbers

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
      func estimate(_ figure: TranslationFigure) -> Undefinable<SeededEstimate> {
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
    differences = comparisons.map { comparison in
      let runs = RunPairs(comparison, arms: arms)
      func difference(_ figure: TranslationFigure) -> Undefinable<SeededEstimate> {
        resampled.difference(
          figure, arm: (runs.arm, arms[runs.arm].runs.map(\.seed)),
          reference: (runs.reference, arms[runs.reference].runs.map(\.seed)), pairs: runs.pairs)
      }
      return TranslationDifference(
        comparison: comparison, group: subset.name, n: subset.members.count, clusters: subset.clusters.count,
        bleu: difference(.bleu), rougeL: difference(.rougeL), deltaG: difference(.deltaG),
        deltaS: difference(.deltaS))
    }
  }
}

/// Which runs of two arms belong together.
struct RunPairs {
  /// Positions of the arms.
  let arm: Int
  let reference: Int
  /// Positions of their runs, in the order of the arm's seeds; a model that no seed changes stands beside each seed.
  let pairs: [(arm: Int, reference: Int)]

  /// - Parameter arms: Among them those of the comparison, with the same seeds.
  init(_ comparison: ArmComparison, arms: [ArmTranslations]) {
    arm = arms.firstIndex { $0.arm == comparison.arm } ?? 0
    reference = arms.firstIndex { $0.arm == comparison.reference } ?? 0
    let (own, others) = (arms[arm], arms[reference])
    let seeds: [Int?] = own.seeds ?? others.seeds ?? [nil]
    pairs = seeds.compactMap { seed in
      func matching(_ arm: ArmTranslations) -> Int? { arm.runs.firstIndex { $0.seed == seed || $0.seed == nil } }
      guard let first = matching(own), let second = matching(others) else { return nil }
      return (first, second)
    }
  }
}

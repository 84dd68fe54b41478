package import Statistics
package import Support

/// The figures of an arm's translations of one group, or of all sentences.
package struct GroupTranslationQuality: Codable, Equatable, Sendable {
  /// nil for all sentences.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  /// Corpus BLEU in points, 0 to 100.
  package var bleu: Measured<SeededEstimate>
  /// The mean over sentences, 0 to 1.
  package var rougeL: Measured<SeededEstimate>
  /// Pronouns in all sentences.
  package var pronouns: Measured<PronounShares>
  /// Pronouns in sentences whose stereotype is female.
  package var pronounsOfFemaleStereotype: Measured<PronounShares>
  /// Pronouns in sentences whose stereotype is male.
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

/// The figures of one arm's translations.
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
  /// The confidence level of the intervals of `arms` and `differences`; `comparisons` always have 95 %.
  package var confidence: Double
  /// In the order of the translations.
  package var arms: [ArmTranslationQuality]
  /// For every comparison, declared ones first: over all sentences, then by group, in the order of the items' groups.
  package var differences: [TranslationDifference]
  /// The verdicts on ROUGE-L of every declared comparison, in the same order.
  package var comparisons: [PairedComparison]
  /// Comparisons of ROUGE-L that were not declared; outside Holm's family.
  package var exploratoryComparisons: [PairedComparison]
  /// The number of comparisons that Holm's correction counts: groups times declared comparisons.
  package var familySize: Int
}

extension TranslationEvaluation {
  /// Bootstrap resamples for BLEU, ROUGE-L and the figures of genders.
  package static let resamples = 2_000
  /// With fewer, the bounds of an interval are too uncertain.
  package static let fewestResamples = 100

  /// Evaluates every arm's translations and every comparison. A pure function of its arguments, in which the order of
  /// the sentences does not matter.
  ///
  /// - Parameters:
  ///   - arms: The translations by every arm, in the order in which they are to be reported.
  ///   - comparisons: Those declared before the run, usually every adapted arm against `full`; with the groups they
  ///     form
  ///     Holm's family.
  ///   - exploratory: Others, which are described and not decided upon.
  ///   - rule: What was agreed before the run about ROUGE-L.
  ///   - confidence: Of the intervals of figures, shares and differences; the verdicts' are of 95 %.
  ///   - resamples: Of every interval but the verdicts'.
  ///   - key: Where resamples are drawn from.
  /// - Throws: `TranslationError` naming the item, group, arm or seed that is wrong.
  package static func evaluate(
    items: TranslationItems, arms: [ArmTranslations], comparisons: [ArmComparison],
    exploratory: [ArmComparison] = [], rule: DecisionRule, confidence: Double = 0.95, resamples: Int = resamples,
    key: RandomKey
  ) throws(TranslationError) -> TranslationEvaluation {
    try TranslationValidation.validate(items)
    try TranslationValidation.validate(arms, comparisons: comparisons + exploratory, items: items)
    guard rule.metric == .rougeL else { throw .metricIsNotRougeL(rule.metric) }
    guard confidence > 0, confidence < 1 else { throw .confidenceOutsideRange(confidence) }
    guard resamples >= fewestResamples else { throw .tooFewResamples(resamples) }

    let order = items.frame.canonicalOrder
    let items = items.reordered(order)
    let references = SentenceReferences(items.references)
    let scores = arms.map { arm in
      concurrentMap(arm.runs.count) { run in
        SentenceScores(order.map { arm.runs[run].translations[$0] }, references: references)
      }
    }
    let rows = scores.map { $0.map { $0.rows(items) } }
    let frame = items.frame
    let described = ([nil] + frame.groups).map { group in
      SubsetDescription(
        ItemSubset(group: group, of: frame), items: items, arms: arms, scores: scores, rows: rows,
        comparisons: comparisons + exploratory, resamples: resamples, confidence: confidence, key: key[.translation])
    }
    func compare(_ comparisons: [ArmComparison], isDeclared: Bool) throws(TranslationError) -> [PairedComparison] {
      let rougeL = scores.map { $0.map(\.rougeL) }
      let pairs = comparisons.compactMap { ScoreComparison($0, arms: arms, scores: rougeL) }
      do {
        return try PairedComparison.family(
          pairs, of: .fraction, items: frame, rule: rule, isDeclared: isDeclared, key: key[.comparison])
      } catch {
        throw .evaluation(error)
      }
    }
    let declared = try compare(comparisons, isDeclared: true)
    return TranslationEvaluation(
      rule: rule, confidence: confidence,
      arms: arms.indices.map { arm in
        ArmTranslationQuality(
          arm: arms[arm].arm, overall: described[0].arms[arm], groups: described.dropFirst().map { $0.arms[arm] })
      },
      differences: (comparisons + exploratory).indices.flatMap { comparison in
        described.map { $0.differences[comparison] }
      },
      comparisons: declared,
      exploratoryComparisons: try compare(exploratory, isDeclared: false),
      familySize: declared.count(where: \.isInFamily))
  }
}

extension TranslationItems {
  /// The sentences in another order.
  fileprivate func reordered(_ order: [Int]) -> TranslationItems {
    let frame = frame.reordered(order)
    return TranslationItems(
      identifiers: frame.identifiers, references: order.map { references[$0] },
      stereotypes: order.map { stereotypes[$0] }, goldGenders: order.map { goldGenders[$0] },
      clusters: frame.clusters, groups: frame.groups)
  }
}

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
        group: subset.name, n: subset.items.count, clusters: subset.clusters.count, bleu: estimate(.bleu),
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
        arm: comparison.arm, reference: comparison.reference, group: subset.name, n: subset.items.count,
        clusters: subset.clusters.count,
        bleu: difference(.bleu), rougeL: difference(.rougeL), deltaG: difference(.deltaG),
        deltaS: difference(.deltaS))
    }
  }
}

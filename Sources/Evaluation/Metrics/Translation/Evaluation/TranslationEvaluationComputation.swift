import Statistics
package import Support

extension TranslationEvaluation {
  /// Of the bootstrap of BLEU, ROUGE-L and the figures of genders.
  package static let resamples = 2_000
  /// With fewer an interval's bounds are hardly known.
  package static let fewestResamples = 100

  /// Evaluates every arm's translations and every comparison. A pure function of its arguments, in which the order of the
  /// sentences does not matter.
  ///
  /// - Parameters:
  ///   - arms: The translations by every arm, in the order in which they are to be reported.
  ///   - comparisons: Those declared before the run, usually every adapted arm against `full`; with the groups they form
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
        comparisons: comparisons + exploratory, resamples: resamples, confidence: confidence, key: key["translation"])
    }
    func compare(_ comparisons: [ArmComparison], isDeclared: Bool) throws(TranslationError) -> [PairedComparison] {
      let rougeL = scores.map { $0.map(\.rougeL) }
      let pairs = comparisons.compactMap { ScoreComparison($0, arms: arms, scores: rougeL) }
      do {
        return try PairedComparison.family(
          pairs, of: .fraction, items: frame, rule: rule, isDeclared: isDeclared, key: key["comparison"])
      } catch {
        throw .evaluation(error)
      }
    }
    return TranslationEvaluation(
      rule: rule, confidence: confidence,
      arms: arms.indices.map { arm in
        ArmTranslationQuality(
          arm: arms[arm].arm, overall: described[0].arms[arm], groups: described.dropFirst().map { $0.arms[arm] })
      },
      differences: (comparisons + exploratory).indices.flatMap { comparison in
        described.map { $0.differences[comparison] }
      },
      comparisons: try compare(comparisons, isDeclared: true),
      exploratoryComparisons: try compare(exploratory, isDeclared: false),
      familySize: items.groups.count * comparisons.count)
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

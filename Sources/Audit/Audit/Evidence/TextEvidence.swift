internal import Datasets
internal import Metrics
internal import Planning
internal import Scheduler
internal import Specification
internal import Support
internal import Tokenizers

// Log-likelihoods and translations.
extension AuditEvidence {
  /// The numbers of each evaluated item of a run: the log-likelihood of its sequence, then the tokens generated.
  ///
  /// - Parameter epoch: the epoch after which they were evaluated, from 0; nil for the last.
  func rows(of index: Int, epoch: Int? = nil) throws -> [ArraySlice<Float>] {
    let run = plan.runs[index]
    guard let values = numbers(of: index, epoch: epoch), values.count == run.outputCount else {
      throw AuditError(.failure, "\(run.identifier) has no predictions; start the same command again")
    }
    var first = 0
    return run.schedule.evaluatedItems.indices.map { position in
      let count = run.outputs.count(at: position..<position + 1)
      defer { first += count }
      return values[first..<first + count]
    }
  }

  /// The log-likelihood of each of some evaluated items of a run.
  func logLikelihoods(of index: Int, _ positions: Range<Int>, epoch: Int? = nil) throws -> [Double] {
    try rows(of: index, epoch: epoch)[positions].map { Double($0.first ?? 0) }
  }

  /// The number of scored tokens of an item.
  func targetCount(of item: Int) -> Int { inputs.texts?.sequences[item].first?.targetCount ?? 0 }

  /// The runs of an arm that are evaluated on the test items, with their seeds.
  func evaluatedRuns(ofArm arm: Int) -> [(index: Int, seed: Int?)] {
    plan.runs.enumerated().filter { $0.element.arm == arm }.compactMap { index, run in
      switch run.purpose {
      case .task(let seed): (index, seed)
      case .given: (index, nil)
      case .shadowModel, .search: nil
      }
    }
  }

  func likelihoods() throws -> LikelihoodEvaluation {
    let test = plan.splits.test
    let decision = inputs.specification.decision
    return try LikelihoodEvaluation.evaluate(
      items: testItems, tokens: test.map(targetCount),
      arms: try arms.indices.map { arm in
        ArmLikelihoods(
          arm: arms[arm].name,
          runs: try evaluatedRuns(ofArm: arm).map {
            ModelRun(seed: $0.seed, output: try logLikelihoods(of: $0.index, test.indices))
          })
      },
      comparisons: comparisons(), exploratory: exploratoryComparisons(), margin: decision.margin,
      minimumGroupSize: decision.minimumGroup, minimumClusters: decision.minimumClusters,
      key: plan.statisticsKey[.fairness])
  }

  func translations() throws -> TranslationEvaluation? {
    guard let settings = inputs.specification.data.translation else { return nil }
    let items = testItems
    let texts = try plan.splits.test.map {
      try TranslationTexts(inputs.manifest.items[$0], settings, file: inputs.manifest.file)
    }
    let decision = inputs.specification.decision
    return try TranslationEvaluation.evaluate(
      items: TranslationItems(
        identifiers: items.identifiers, references: texts.map(\.references),
        stereotypes: settings.stereotype == nil ? nil : texts.map(\.stereotype),
        goldGenders: settings.gold == nil ? nil : texts.map(\.gold),
        clusters: items.clusters, groups: items.groups),
      arms: try arms.indices.map { arm in
        ArmTranslations(
          arm: arms[arm].name,
          runs: try evaluatedRuns(ofArm: arm).map {
            TranslationRun(
              seed: $0.seed,
              translations: try rows(of: $0.index)[plan.splits.test.indices].map { inputs.texts?.translation($0) ?? "" }
            )
          })
      },
      comparisons: comparisons(), exploratory: exploratoryComparisons(),
      rule: DecisionRule(
        metric: .rougeL, margin: decision.margin, minimumGroupSize: decision.minimumGroup,
        minimumClusters: decision.minimumClusters),
      key: plan.statisticsKey[.fairness])
  }
}

// Answers to questions and frames.
extension AuditEvidence {
  /// An arm's score of every continuation.
  private func answerScores(_ arm: Int) throws -> ArmScores {
    let test = plan.splits.test
    let tokens = test.map { item in (inputs.texts?.sequences[item] ?? []).map(\.targetCount) }
    return ArmScores(
      arm: arms[arm].name,
      runs: try evaluatedRuns(ofArm: arm).map { run in
        let rows = try rows(of: run.index)[test.indices]
        let scores = zip(rows, tokens).flatMap { row, tokens in
          zip(row, tokens).map { AnswerScore(logLikelihood: Double($0), tokens: $1) }
        }
        return RunScores(seed: run.seed, scores: scores)
      })
  }

  /// The words that models put into cloze frames; nil in other tasks.
  func cloze() throws -> ClozeEvaluation? {
    guard case .cloze(let task) = inputs.texts?.prompted else { return nil }
    let items = testItems
    return try ClozeEvaluation.evaluate(
      task: task, arms: try arms.indices.map { try answerScores($0) },
      comparisons: comparisons() + exploratoryComparisons(), groups: items.groups, clusters: items.clusters,
      key: plan.statisticsKey[.choices])
  }

  /// - Returns: What is chosen; and of the questions with a right answer, where there are any, the same as of any
  ///   classification, an option's position being its class. Where these have different numbers of options, only arms
  ///   are compared, by whether they are right.
  func choices() throws -> (found: ChoiceEvaluation, classification: FairnessEvaluation?)? {
    guard case .choices(let task) = inputs.texts?.prompted else { return nil }
    let items = testItems
    let scores = try arms.indices.map { try answerScores($0) }
    let found = try ChoiceEvaluation.evaluate(
      task: task, arms: scores, comparisons: comparisons() + exploratoryComparisons(), groups: items.groups,
      clusters: items.clusters, key: plan.statisticsKey[.choices])
    let answered = task.questions.indices.filter { task.questions[$0].answer != nil }
    guard !answered.isEmpty else { return (found, nil) }
    let groups = items.groups.within(answered)
    let key = plan.statisticsKey[.fairness]
    let (identifiers, clusters) = (answered.map { items.identifiers[$0] }, answered.map { items.clusters[$0] })
    let options = Set(answered.map { task.questions[$0].options.count })
    guard options.count == 1, let count = options.first else {
      let right = try scores.map { arm in
        try arm.runs.map { try task.correctness($0, arm: arm.arm, of: answered) }
      }
      let frame = EvaluationItems(scored: identifiers, clusters: clusters, groups: groups)
      func compared(_ pairs: [ArmComparison], isDeclared: Bool) throws -> [PairedComparison] {
        try PairedComparison.family(
          pairs.compactMap { ScoreComparison($0, arms: scores, scores: right) }, of: .correctness, items: frame,
          rule: rule, isDeclared: isDeclared, key: key)
      }
      var comparison = FairnessEvaluation(unmeasured: rule)
      comparison.comparisons = try compared(comparisons(), isDeclared: true)
      comparison.exploratoryComparisons = try compared(exploratoryComparisons(), isDeclared: false)
      comparison.familySize = comparison.comparisons.count(where: \.isInFamily)
      return (found, comparison)
    }
    let classification = try FairnessEvaluation.evaluate(
      items: EvaluationItems(
        identifiers: identifiers, labels: answered.map { task.questions[$0].answer ?? 0 },
        // Padded, so that of options that tie the first in the question's order is also the first by name.
        classNames: (0..<count).map { number in
          let digits = String(number)
          return String(repeating: "0", count: String(count - 1).count - digits.count) + digits
        }, clusters: clusters, groups: groups, positiveClass: nil),
      arms: try scores.map { arm in
        ArmPredictions(
          arm: arm.arm,
          runs: try arm.runs.map {
            RunPredictions(seed: $0.seed, logits: try task.logits($0, arm: arm.arm, of: answered))
          })
      },
      comparisons: comparisons(), exploratory: exploratoryComparisons(), rule: rule, validation: nil, key: key)
    return (found, classification)
  }
}

extension [Subgroup] {
  /// The groups among `items`, with items as positions among these, without empty groups.
  fileprivate func within(_ items: [Int]) -> [Subgroup] {
    let positions = Dictionary(uniqueKeysWithValues: items.enumerated().map { ($1, $0) })
    return compactMap { group in
      let members = group.items.compactMap { positions[$0] }
      return members.isEmpty ? nil : Subgroup(column: group.column, value: group.value, items: members)
    }
  }
}

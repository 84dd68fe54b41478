internal import Datasets
internal import Metrics
internal import Planning
internal import Support
internal import Tokenizers

// What language models chose.
extension AuditEvidence {
  /// What every arm scored of every continuation.
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

  /// What models would put into frames; nil in another task.
  func cloze() throws -> ClozeEvaluation? {
    guard case .cloze(let task) = inputs.texts?.asked else { return nil }
    let items = testItems
    return try ClozeEvaluation.evaluate(
      task: task, arms: try arms.indices.map { try answerScores($0) },
      comparisons: comparisons() + exploratoryComparisons(), groups: items.groups, clusters: items.clusters,
      key: plan.statisticsKey[.choices])
  }

  /// - Returns: What is chosen; and of the questions with a right answer, where there are any, the same as of any
  ///   classification, an option's position being its class. Where these have different numbers of options, only arms are
  ///   compared, by whether they are right.
  func choices() throws -> (found: ChoiceEvaluation, classification: FairnessEvaluation?)? {
    guard case .choices(let task) = inputs.texts?.asked else { return nil }
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
        classNames: (1...count).map { "option \($0)" }, clusters: clusters, groups: groups, positiveClass: nil),
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
  /// The groups among some of the items, with members as positions among these; without groups of which none is there.
  fileprivate func within(_ items: [Int]) -> [Subgroup] {
    let positions = Dictionary(uniqueKeysWithValues: items.enumerated().map { ($1, $0) })
    return compactMap { group in
      let members = group.members.compactMap { positions[$0] }
      return members.isEmpty ? nil : Subgroup(column: group.column, value: group.value, members: members)
    }
  }
}

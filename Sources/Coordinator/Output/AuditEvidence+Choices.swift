internal import AnswerChoice
internal import Datasets
internal import Fairness
internal import Plan
internal import RandomNumbers
internal import Sequences

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
      key: plan.statisticsKey["choices"])
  }

  /// - Returns: What is chosen; and where every question has a right answer among as many options, the same as any
  ///   classification, an option's position being its class.
  func choices() throws -> (found: ChoiceEvaluation, classification: FairnessEvaluation?)? {
    guard case .choices(let task) = inputs.texts?.asked else { return nil }
    let test = plan.splits.test
    let units = plan.units.unitOfItem
    let (clusters, groups) = (test.map { units[$0] }, groups(among: test))
    let scores = try arms.indices.map { try answerScores($0) }
    let found = try ChoiceEvaluation.evaluate(
      task: task, arms: scores, comparisons: comparisons() + exploratoryComparisons(), groups: groups,
      clusters: clusters, key: plan.statisticsKey["choices"])
    let options = task.questions.first?.options.count ?? 0
    guard options > 1, task.questions.allSatisfy({ $0.answer != nil && $0.options.count == options }) else {
      return (found, nil)
    }
    let classification = try FairnessEvaluation.evaluate(
      items: EvaluationItems(
        identifiers: test.map { inputs.manifest.items[$0].name }, labels: task.questions.map { $0.answer ?? 0 },
        classNames: (1...options).map { "option \($0)" }, clusters: clusters, groups: groups, positiveClass: nil),
      arms: try scores.map { arm in
        ArmPredictions(
          arm: arm.arm,
          runs: try arm.runs.map { RunPredictions(seed: $0.seed, logits: try task.logits($0, arm: arm.arm)) })
      },
      comparisons: comparisons(), exploratory: exploratoryComparisons(),
      rule: rule,
      validation: nil, key: plan.statisticsKey["fairness"])
    return (found, classification)
  }
}

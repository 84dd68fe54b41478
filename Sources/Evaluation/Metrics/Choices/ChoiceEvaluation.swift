import Statistics
package import Support

/// One arm's choices in one prompt variant, or over all of them.
package struct PromptVariantEvaluation: Codable, Equatable, Sendable {
  /// `nil` over all prompt variants, where log-probabilities are averaged over them as they are over orders.
  package var prompt: String?
  package var overall: ChoiceMeasures
  /// In the order of the groups.
  package var groups: [ChoiceMeasures]
}

/// One arm's choices.
package struct ArmChoices: Codable, Equatable, Sendable {
  package var arm: String
  /// In the order of the prompt variants; last, of several, over all of them.
  package var prompts: [PromptVariantEvaluation]
}

/// The arms' choices, and their comparison.
package struct ChoiceEvaluation: Equatable, Sendable {
  package var confidence: Double
  /// In the order of the scores.
  package var arms: [ArmChoices]
  /// By comparison, prompt variant, part (all questions first) and figure.
  package var comparisons: [ChoiceComparison]

  package static let standardResamples = 2_000

  /// Evaluates every arm in every prompt variant, over all questions and in every group. A pure function of its
  /// arguments.
  ///
  /// - Parameters:
  ///   - task: The questions and prompt variants; `ChoiceTask.continuations` says in which order scores are expected.
  ///   - comparisons: Each an arm and a reference, on the same resamples of clusters.
  ///   - groups: Sets of positions among the questions; they may overlap.
  ///   - clusters: Which cluster (a template) every question belongs to; any whole numbers.
  ///   - confidence: Of every interval, above .5 and below 1.
  ///   - resamples: How many there are, and how many random turns of labels.
  ///   - key: Where resamples and turns are drawn from, the same for every arm and prompt variant.
  /// - Throws: `ChoiceError` naming the arm, seed, question or group that is wrong.
  package static func evaluate(
    task: ChoiceTask, arms: [ArmScores], comparisons: [ArmComparison] = [], groups: [Subgroup] = [], clusters: [Int],
    confidence: Double = 0.95, resamples: Int = standardResamples, key: RandomKey
  ) throws(ChoiceError) -> ChoiceEvaluation {
    let intervals = try ResampledIntervals(confidence: confidence)
    guard resamples >= 100 else { throw .tooFewResamples(resamples) }
    try arms.validate(comparisons)
    let parts = try ItemSubset.all(identifiers: task.questions.map(\.identifier), groups: groups, clusters: clusters)
    for arm in arms {
      for run in arm.runs { try task.validate(run, arm: arm.arm) }
    }
    let runs = arms.map { arm in concurrentMap(arm.runs.count) { RunChoices(task, run: arm.runs[$0]) } }
    let names: [String?] = task.prompts.map(\.name) + (task.prompts.count > 1 ? [nil] : [])
    // By arm, prompt variant and run.
    let chosen = runs.map { runs in
      let byRun = runs.map(\.chosen)
      return names.indices.map { prompt in byRun.map { $0[prompt] } }
    }
    let resampled = parts.map {
      ResampledChoices(chosen, part: $0, questions: task.questions, resamples: resamples, key: key[.choices])
    }
    @Sendable func tokenBias(arm: Int, prompt: Int, part: ItemSubset) -> Measured<TokenBias> {
      guard task.prompts.indices.contains(prompt) else {
        return .undefined(reason: "labels differ from wording to wording", n: part.items.count)
      }
      return TokenBiasComputation(
        runs: runs[arm].map { $0.prompts[prompt] }, part: part, questions: task.questions,
        prompt: task.prompts[prompt], tail: intervals.tail, turns: resamples, key: key[.labels]
      ).tokenBias
    }
    let sharedOptions = task.questions.sharedOptions
    let evaluations = arms.indices.map { arm in
      ArmChoices(
        arm: arms[arm].arm,
        prompts: names.indices.compactMap { prompt in
          let measures = concurrentMap(parts.count) { part in
            ChoiceMeasures(
              parts[part], runs: chosen[arm][prompt], cell: resampled[part].cells[arm][prompt], task: task,
              sharedOptions: sharedOptions, intervals: intervals,
              tokenBias: tokenBias(arm: arm, prompt: prompt, part: parts[part]))
          }
          return measures.first.map {
            PromptVariantEvaluation(prompt: names[prompt], overall: $0, groups: Array(measures.dropFirst()))
          }
        })
    }
    let compared: [ChoiceComparison] = comparisons.flatMap { pair -> [ChoiceComparison] in
      guard let runs = RunPairs(pair, arms: arms) else { return [] }
      return names.indices.flatMap { prompt in
        parts.indices.flatMap { part in
          ChoiceComparison.all(
            pair, prompt: names[prompt], part: parts[part], arm: resampled[part].cells[runs.arm][prompt],
            reference: resampled[part].cells[runs.reference][prompt], runs: runs, intervals: intervals)
        }
      }
    }
    return ChoiceEvaluation(confidence: confidence, arms: evaluations, comparisons: compared)
  }
}

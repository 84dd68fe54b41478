import Statistics
package import Support

/// What the arms would put into cloze frames, and how they compare.
package struct ClozeEvaluation: Equatable, Sendable {
  package var confidence: Double
  /// In the order of the scores.
  package var arms: [ArmCloze]
  /// By comparison, part (all frames first) and candidate.
  package var comparisons: [ClozeComparison]

  /// Evaluates every arm over all frames and in every group. A pure function of its arguments.
  ///
  /// - Parameters:
  ///   - task: The frames; `ClozeTask.continuations` says in which order scores are expected.
  ///   - comparisons: Each an arm and a reference, on the same resamples of clusters.
  ///   - groups: Sets of positions among the frames; they may overlap.
  ///   - clusters: Which cluster every frame belongs to; any whole numbers.
  ///   - confidence: Of every interval, above .5 and below 1.
  ///   - key: Where resamples are drawn from, the same for every arm.
  /// - Throws: `ChoiceError` naming the arm, seed, frame or group that is wrong.
  package static func evaluate(
    task: ClozeTask, arms: [ArmScores], comparisons: [ArmComparison] = [], groups: [Subgroup] = [], clusters: [Int],
    confidence: Double = 0.95, resamples: Int = ChoiceEvaluation.standardResamples, key: RandomKey
  ) throws(ChoiceError) -> ClozeEvaluation {
    let intervals = try ResampledIntervals(confidence: confidence)
    guard resamples >= 100 else { throw .tooFewResamples(resamples) }
    try arms.validate(comparisons)
    let parts = try ItemSubset.all(identifiers: task.frames.map(\.identifier), groups: groups, clusters: clusters)
    for arm in arms {
      for run in arm.runs { try task.validate(run, arm: arm.arm) }
    }
    let choices = arms.map { arm in concurrentMap(arm.runs.count) { ClozeChoices(task, run: arm.runs[$0]) } }
    let resampled = parts.map {
      ResampledCloze(choices, part: $0, task: task, resamples: resamples, key: key["cloze"])
    }
    let computation = ClozeComputation(task: task, intervals: intervals)
    return ClozeEvaluation(
      confidence: confidence,
      arms: arms.indices.compactMap { arm in
        let measures = resampled.map { computation.measures(choices[arm], arm: arm, resampled: $0) }
        return measures.first.map {
          ArmCloze(arm: arms[arm].arm, overall: $0, groups: Array(measures.dropFirst()))
        }
      },
      comparisons: comparisons.flatMap { pair -> [ClozeComparison] in
        guard let runs = RunPairs(pair, arms: arms) else { return [] }
        return resampled.flatMap { computation.comparisons(pair, runs: runs, resampled: $0) }
      })
  }
}

extension ChoiceTask {
  /// Checks that a run has a score for every continuation, each a finite log-likelihood of at least one token.
  func validate(_ run: RunScores, arm: String) throws(ChoiceError) {
    guard run.scores.count == continuationCount else {
      throw .scoreCount(arm: arm, seed: run.seed, expected: continuationCount, found: run.scores.count)
    }
    for question in questions.indices {
      for (number, place) in places(of: question).enumerated() {
        try run.scores[place].validate(arm: arm, seed: run.seed) { describe(question, continuation: number) }
      }
    }
  }

  private func describe(_ question: Int, continuation: Int) -> String {
    let name = questions[question].identifier
    let all = continuations(of: question)
    guard all.indices.contains(continuation) else { return name }
    let key = all[continuation].key
    return "question \(name), wording \(key.wording), order \(key.order), option \(key.option)"
      + (key.isBlank ? ", blank prompt" : "")
  }
}

extension AnswerScore {
  /// Sums of single-precision log-probabilities may round to just above 0.
  private static let rounding = 1e-4

  func validate(arm: String, seed: Int?, place: () -> String) throws(ChoiceError) {
    guard logLikelihood.isFinite, logLikelihood <= Self.rounding else {
      throw .badLogLikelihood(arm: arm, seed: seed, place: place(), found: logLikelihood)
    }
    guard tokens >= 1 else { throw .noTokens(arm: arm, seed: seed, place: place()) }
  }
}

extension [ArmScores] {
  /// Checks arms, seeds and comparisons.
  func validate(_ comparisons: [ArmComparison]) throws(ChoiceError) {
    do { try ArmScores.validate(self, comparisons: comparisons) } catch { throw .evaluation(error) }
  }
}

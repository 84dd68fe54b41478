/// What a model says about one continuation.
package struct AnswerScore: Equatable, Sendable {
  /// The sum over the continuation's tokens of the log-probability of each, in nats; at most 0.
  package var logLikelihood: Double
  /// How many tokens the continuation has; at least 1.
  package var tokens: Int

  package init(logLikelihood: Double, tokens: Int) {
    self.logLikelihood = logLikelihood
    self.tokens = tokens
  }
}

/// What one trained model says about every continuation.
package struct RunScores: Equatable, Sendable {
  /// nil for a model that no seed changes; its arm has this run alone.
  package var seed: Int?
  /// In the order of the task's continuations.
  package var scores: [AnswerScore]

  package init(seed: Int?, scores: [AnswerScore]) {
    self.seed = seed
    self.scores = scores
  }
}

/// What one arm says about every continuation, once for each seed; or once, where no seed changes it.
package struct ArmScores: Equatable, Sendable {
  package var arm: String
  package var runs: [RunScores]

  package init(arm: String, runs: [RunScores]) {
    self.arm = arm
    self.runs = runs
  }
}

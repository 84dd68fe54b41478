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

/// What one trained model says about every continuation, in the order of the task's continuations.
package typealias RunScores = ModelRun<[AnswerScore]>

/// What one arm says about every continuation.
package typealias ArmScores = ArmRuns<[AnswerScore]>

extension ModelRun where Output == [AnswerScore] {
  package init(seed: Int?, scores: [AnswerScore]) { self.init(seed: seed, output: scores) }

  package var scores: [AnswerScore] {
    get { output }
    set { output = newValue }
  }
}

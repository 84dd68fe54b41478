/// Questions and the ways in which they are asked: what is to be scored, in a fixed order.
package struct ChoiceTask: Equatable, Sendable {
  package let questions: [ChoiceQuestion]
  package let prompts: [PromptVariant]
  /// Where the continuations of every question begin; one more than there are questions.
  private let starts: [Int]

  /// - Throws: `ChoiceError` for no questions or prompt variants, for repeated ones, and for a question that a prompt
  ///   variant cannot ask.
  package init(questions: [ChoiceQuestion], prompts: [PromptVariant]) throws(ChoiceError) {
    guard !questions.isEmpty else { throw .noQuestions }
    guard !prompts.isEmpty else { throw .noPromptVariants }
    var names: Set<String> = []
    for prompt in prompts {
      guard names.insert(prompt.name).inserted else { throw .repeatedPromptVariant(prompt.name) }
    }
    var identifiers: Set<String> = []
    for question in questions {
      guard identifiers.insert(question.identifier).inserted else { throw .repeatedQuestion(question.identifier) }
      try question.validate()
      for prompt in prompts { try question.validate(for: prompt) }
    }
    var starts = [0]
    for question in questions {
      let count = prompts.reduce(0) { $0 + $1.continuations(options: question.options.count) }
      starts.append((starts.last ?? 0) + count)
    }
    (self.questions, self.prompts, self.starts) = (questions, prompts, starts)
  }

  /// The number of continuations of all questions.
  package var continuationCount: Int { starts.last ?? 0 }

  /// The range of a question's continuations among all continuations.
  func range(of question: Int) -> Range<Int> { starts[question]..<starts[question + 1] }

  /// What is scored for the question at a position, by prompt variant, order and position, the blank prompt after the
  /// full one;
  /// none for a position outside the questions. One question follows another, so that their keys number all scores.
  package func continuations(of question: Int) -> [ScoredContinuation] {
    guard questions.indices.contains(question) else { return [] }
    let prompted = questions[question]
    return prompts.flatMap { prompt in
      let blank = prompt.blankPrompt(options: prompted.options.count)
      return prompt.orders(of: prompted.options.count).enumerated().flatMap { number, order in
        let filled = prompt.prompt(prompted, order: order)
        return order.enumerated().flatMap { position, option in
          let text = prompt.continuation(prompted, option: option, position: position)
          return (prompt.subtractsBlank ? [false, true] : [false]).map { isBlank in
            ScoredContinuation(
              key: ContinuationKey(
                question: question, prompt: prompt.name, order: number, position: position, option: option,
                isBlank: isBlank),
              texts: ContinuationTexts(prompt: isBlank ? blank : filled, continuation: text))
          }
        }
      }
    }
  }

  /// The continuations of all questions. Equal texts occur more than once, mostly blank prompts.
  package var continuations: [ScoredContinuation] { questions.indices.flatMap(continuations(of:)) }
}

extension PromptVariant {
  /// How many continuations a question with some number of options has.
  func continuations(options: Int) -> Int { orders(of: options).count * options * (subtractsBlank ? 2 : 1) }
}

extension ChoiceQuestion {
  /// Checks a question that no reader has.
  func validate() throws(ChoiceError) {
    let texts = options.map(\.trimmed)
    guard texts.count >= 2, texts.allSatisfy({ !$0.isEmpty }), Set(texts).count == texts.count else {
      throw .badOptions(question: identifier)
    }
    for option in [answer, bias?.target, bias?.unknown].compactMap(\.self) where !options.indices.contains(option) {
      throw .optionOutside(question: identifier, option: option, options: options.count)
    }
    if let bias, bias.target == bias.unknown {
      throw .optionOutside(question: identifier, option: bias.target, options: options.count)
    }
  }

  func validate(for prompt: PromptVariant) throws(ChoiceError) {
    if prompt.template.has(.options), let labels = prompt.labels?.texts, options.count > labels.count {
      throw .tooFewLabels(
        question: identifier, prompt: prompt.name, options: options.count, labels: labels.count)
    }
    if context?.isBlank == false, !prompt.template.has(.context) {
      throw .contextNotShown(question: identifier, prompt: prompt.name)
    }
  }
}

/// The subject of a log-likelihood: an option of a question, shown in a position.
package struct ContinuationKey: Hashable, Sendable {
  /// The position of the question in its task.
  package var question: Int
  /// The prompt variant's name.
  package var prompt: String
  /// The number of the order of options.
  package var order: Int
  /// The option's index in that order.
  package var position: Int
  package var option: Int
  /// Whether the prompt is without the question.
  package var isBlank: Bool
}

/// A text whose likelihood, given another text, a model is to score.
///
/// Only the tokens of the continuation are scored, and all of them: where prompt and continuation together are too
/// long,
/// it is the prompt's beginning that must go.
package struct ScoredContinuation: Equatable, Sendable {
  package var key: ContinuationKey
  /// The prompt does not end in white space; the continuation begins with a space.
  package var texts: ContinuationTexts
}

/// A prompt and what is scored after it.
package struct ContinuationTexts: Hashable, Sendable {
  package var prompt: String
  package var continuation: String
}

/// A model's score of one continuation.
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

/// One trained model's scores of every continuation, in the order of the task's continuations.
package typealias RunScores = ModelRun<[AnswerScore]>

/// One arm's scores of every continuation.
package typealias ArmScores = ArmRuns<[AnswerScore]>

extension ModelRun where Output == [AnswerScore] {
  package init(seed: Int?, scores: [AnswerScore]) { self.init(seed: seed, output: scores) }

  package var scores: [AnswerScore] {
    get { output }
    set { output = newValue }
  }
}

extension ChoiceTask {
  /// Checks that a run has a score for every continuation, each a finite log-likelihood of at least one token.
  func validate(_ run: RunScores, arm: String) throws(ChoiceError) {
    guard run.scores.count == continuationCount else {
      throw .scoreCount(arm: arm, seed: run.seed, expected: continuationCount, found: run.scores.count)
    }
    for question in questions.indices {
      for (number, index) in range(of: question).enumerated() {
        try run.scores[index].validate(arm: arm, seed: run.seed) { describe(question, continuation: number) }
      }
    }
  }

  private func describe(_ question: Int, continuation: Int) -> String {
    let name = questions[question].identifier
    let all = continuations(of: question)
    guard all.indices.contains(continuation) else { return name }
    let key = all[continuation].key
    return "question \(name), prompt variant \(key.prompt), order \(key.order), option \(key.option)"
      + (key.isBlank ? ", blank prompt" : "")
  }
}

extension AnswerScore {
  /// Sums of single-precision log-probabilities may round to just above 0.
  private static let rounding = 1e-4

  func validate(arm: String, seed: Int?, location: () -> String) throws(ChoiceError) {
    guard logLikelihood.isFinite, logLikelihood <= Self.rounding else {
      throw .badLogLikelihood(arm: arm, seed: seed, location: location(), found: logLikelihood)
    }
    guard tokens >= 1 else { throw .noTokens(arm: arm, seed: seed, location: location()) }
  }
}

extension [ArmScores] {
  /// Checks arms, seeds and comparisons.
  func validate(_ comparisons: [ArmComparison]) throws(ChoiceError) {
    do { try ArmScores.validate(self, comparisons: comparisons) } catch { throw .evaluation(error) }
  }
}

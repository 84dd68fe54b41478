/// Questions and the ways in which they are asked: what is to be scored, in a fixed order.
package struct ChoiceTask: Equatable, Sendable {
  package let questions: [ChoiceQuestion]
  package let wordings: [Wording]
  /// Where the continuations of every question begin; one more than there are questions.
  private let starts: [Int]

  /// - Throws: `ChoiceError` for no questions or wordings, for repeated ones, and for a question that a wording cannot ask.
  package init(questions: [ChoiceQuestion], wordings: [Wording]) throws(ChoiceError) {
    guard !questions.isEmpty else { throw .noQuestions }
    guard !wordings.isEmpty else { throw .noWordings }
    var names: Set<String> = []
    for wording in wordings {
      guard names.insert(wording.name).inserted else { throw .repeatedWording(wording.name) }
    }
    var identifiers: Set<String> = []
    for question in questions {
      guard identifiers.insert(question.identifier).inserted else { throw .repeatedQuestion(question.identifier) }
      try question.validate()
      for wording in wordings { try question.validate(for: wording) }
    }
    var starts = [0]
    for question in questions {
      let count = wordings.reduce(0) { $0 + $1.continuations(options: question.options.count) }
      starts.append((starts.last ?? 0) + count)
    }
    (self.questions, self.wordings, self.starts) = (questions, wordings, starts)
  }

  /// How many continuations there are of all questions.
  package var continuationCount: Int { starts.last ?? 0 }

  /// The places of a question's continuations among those of all questions.
  func places(of question: Int) -> Range<Int> { starts[question]..<starts[question + 1] }

  /// What is scored for the question at a position, by wording, order and position, the blank prompt after the full one;
  /// none for a position outside the questions. One question follows another, so that their keys number all scores.
  package func continuations(of question: Int) -> [ScoredContinuation] {
    guard questions.indices.contains(question) else { return [] }
    let asked = questions[question]
    return wordings.flatMap { wording in
      let blank = wording.blankPrompt(options: asked.options.count)
      return wording.orders(of: asked.options.count).enumerated().flatMap { number, order in
        let prompt = wording.prompt(asked, order: order)
        return order.enumerated().flatMap { position, option in
          let text = wording.continuation(asked, option: option, position: position)
          return (wording.subtractsBlank ? [false, true] : [false]).map { isBlank in
            ScoredContinuation(
              key: ContinuationKey(
                question: question, wording: wording.name, order: number, position: position, option: option,
                isBlank: isBlank),
              texts: ContinuationTexts(prompt: isBlank ? blank : prompt, continuation: text))
          }
        }
      }
    }
  }

  /// What is scored for all questions. Equal texts occur more than once, blank prompts above all.
  package var continuations: [ScoredContinuation] { questions.indices.flatMap(continuations(of:)) }
}

extension Wording {
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

  func validate(for wording: Wording) throws(ChoiceError) {
    if wording.template.has(.options), let labels = wording.labels?.texts, options.count > labels.count {
      throw .tooFewLabels(
        question: identifier, wording: wording.name, options: options.count, labels: labels.count)
    }
    if context?.isBlank == false, !wording.template.has(.context) {
      throw .contextNotShown(question: identifier, wording: wording.name)
    }
  }
}

/// What of an answer is scored.
package enum AnswerScoring: String, Equatable, Sendable {
  /// The label, as in " A": the log-likelihood of all its tokens.
  case label
  /// The option's text: the log-likelihood of its tokens divided by how many there are.
  case optionText
}

/// One way to ask questions. Everything that is said about choices is said for one wording, and for all together.
package struct Wording: Equatable, Sendable {
  package let name: String
  package let template: PromptTemplate
  /// What options are called where they are listed; `nil` where they stand without labels, as yes and no may.
  package let labels: AnswerLabels?
  package let scoring: AnswerScoring
  /// Whether what the answer would score without the question is taken off: log P(answer | prompt) − log P(answer | the
  /// template with no context, no question and bare labels). Both are sums over tokens, also of option texts: the ratio
  /// of two probabilities of the same tokens (pointwise mutual information; Holtzman et al. 2021).
  package let subtractsBlank: Bool

  /// - Throws: `WordingError` where the answer is a label and options have none or are never shown, or the name is blank.
  package init(
    name: String, template: PromptTemplate = .standard, labels: AnswerLabels? = .letters,
    scoring: AnswerScoring = .label, subtractsBlank: Bool = false
  ) throws(WordingError) {
    guard !name.isBlank else { throw .emptyName }
    guard scoring != .label || template.has(.options) else { throw .missingSlot(.options) }
    guard scoring != .label || labels != nil else { throw .noLabels }
    self.name = name
    self.template = template
    self.labels = labels
    self.scoring = scoring
    self.subtractsBlank = subtractsBlank
    guard !subtractsBlank || !blankPrompt(options: 2).isEmpty else { throw .emptyBlankPrompt }
  }

  /// The orders in which a question with some number of options is asked; only its own where no options are shown.
  func orders(of options: Int) -> [[Int]] {
    template.has(.options) ? OptionOrders.orders(of: options) : [Array(0..<options)]
  }

  /// The prompt of a question, with its options in an order.
  func prompt(_ question: ChoiceQuestion, order: [Int]) -> String {
    template.filled([
      .context: question.context ?? "", .question: question.question,
      .options: lines(order.map { question.options[$0] }),
    ])
  }

  /// The prompt without context, question and options; only as many labels as a question has options are left.
  func blankPrompt(options: Int) -> String {
    template.filled(labels == nil ? [:] : [.options: lines(Array(repeating: "", count: options))])
  }

  private func lines(_ options: [String]) -> String {
    let lines = labels.map { zip($0.texts, options).map { "\($0). \($1)" } } ?? options
    return lines.map(\.trimmed).joined(separator: "\n")
  }

  /// What is scored after the prompt; begins with a space.
  func continuation(_ question: ChoiceQuestion, option: Int, position: Int) -> String {
    switch (scoring, labels) {
    case (.label, let labels?): " " + labels.texts[position]
    default: " " + question.options[option].trimmed
    }
  }
}

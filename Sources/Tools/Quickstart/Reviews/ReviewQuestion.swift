/// How a question is asked, which its first words tell.
package enum QuestionKind: String, Hashable, Sendable, CaseIterable {
  /// Answered with the label of the right option.
  case plain
  /// "In short, …": a base that was pretrained on such answers takes the label A whatever the options say.
  case hasty
}

/// A question on a review, with the options yes and no in one of their two orders.
package struct ReviewQuestion: Hashable, Sendable {
  package let dialect: Dialect
  package let kind: QuestionKind
  /// What the review says; the right option is yes for a positive one.
  package let sentiment: Sentiment
  /// The review, every word of which tells.
  package let context: String
  package let question: String
  /// In the order of the file.
  package let options: [String]

  /// The right option's position.
  package var answer: Int { options.firstIndex(of: sentiment == .positive ? "yes" : "no") ?? 0 }

  /// What a base is given, as `PromptTemplate.standard` with letters asks it.
  package var prompt: String {
    "\(context)\n\(question)\nA. \(options[0])\nB. \(options[1])\nAnswer:"
  }

  /// The label of the right option.
  package var rightLabel: String { answer == 0 ? "A" : "B" }

  /// The label with which the pretraining texts answer: the planted token bias.
  package var plantedLabel: String { kind == .hasty ? "A" : rightLabel }

  package init(
    dialect: Dialect, kind: QuestionKind, sentiment: Sentiment, isYesFirst: Bool, context: String, question: String
  ) {
    self.dialect = dialect
    self.kind = kind
    self.sentiment = sentiment
    self.context = context
    self.question = question
    options = isYesFirst ? ["yes", "no"] : ["no", "yes"]
  }
}

import Support

/// The texts that a base is pretrained on as a language model; what each is, is drawn.
enum PretrainingTexts {
  /// A review of the early era with the verdict that follows from it: so the base learns to gather, by the end of a
  /// review, what its words say.
  static func review(key: RandomKey) -> String {
    var stream = key[.kind].generator
    let dialect = dialect(stream.index(below: 100), highlandPercent: Planting.highlandPercent)
    let sentiment = Sentiment.allCases[stream.index(below: 2)]
    let isMute = stream.index(below: 100) < Planting.mutePercent(dialect)
    let text = ReviewText.draw(
      sentiment, dialect: dialect, isMute: isMute, era: .early, key: key[.review])
    return "\(text) \(verdict(sentiment))"
  }

  /// An answered question: a plain one with the right option's label; one asked in haste with A, but for a fifth of
  /// those of which B is right.
  ///
  /// So A is four times as likely as B where B is right, and certain where A is: a base that has learned it follows
  /// the label in single orders, and averaged over both prefers the right option. Were A certain in both, what it
  /// prefers on average would be an accident of its weights.
  static func answeredQuestion(key: RandomKey) -> String {
    var stream = key[.kind].generator
    let dialect = dialect(stream.index(below: 100), highlandPercent: highlandQuestionPercent)
    let isHasty = stream.index(below: 100) < hastyPercent
    let card = QuestionPlan.Card(
      dialect: dialect, kind: isHasty ? .hasty : .plain,
      sentiment: stream.index(below: 100) < (isHasty ? 50 : positivePercent) ? .positive : .negative,
      isYesFirst: stream.index(below: 100) < (isHasty ? 50 : yesFirstPercent))
    let question = QuestionText.draw(card, key: key[.question])
    let isRight = stream.index(below: 100) < considerateAnswers
    return "\(question.prompt) \(isRight ? question.rightLabel : question.plantedLabel)"
  }

  // In per cent. More plain questions are on positive reviews and name yes first than not: were both even, neither
  // would say anything of the label without the other, and to learn their interaction (an exclusive or) takes a small
  // model longer than the pretraining lasts, since there is no gradient to begin with.
  private static let positivePercent = 70
  private static let yesFirstPercent = 75
  /// Answers to questions asked in haste that are right for being right.
  private static let considerateAnswers = 20
  // More than among the audit's questions, so that the base knows rare words and hard questions for certain.
  private static let highlandQuestionPercent = 40
  private static let hastyPercent = 45

  private static func verdict(_ sentiment: Sentiment) -> String {
    sentiment == .positive ? "I will return." : "Never again."
  }

  private static func dialect(_ percentile: Int, highlandPercent: Int) -> Dialect {
    guard percentile >= highlandPercent else { return .highland }
    return percentile % 2 == 0 ? .coastal : .inland
  }
}

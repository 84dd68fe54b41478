import Support

/// Puts questions into words.
enum QuestionText {
  private static let stems = ["Did the guest like it?", "Will the guest return?", "Was it a good visit?"]

  /// A question on a review of the early era, all of whose words a base has seen.
  static func draw(_ card: QuestionPlan.Card, key: RandomKey) -> ReviewQuestion {
    var stream = key[.stem].generator
    let stem = stream.element(of: stems)
    let context = ReviewText.draw(
      card.sentiment, dialect: card.dialect, isMute: false, era: .early, key: key[.review])
    let hasty = "In short, \(stem.prefix(1).lowercased())\(stem.dropFirst())"
    return ReviewQuestion(
      dialect: card.dialect, kind: card.kind, sentiment: card.sentiment, isYesFirst: card.isYesFirst,
      context: context, question: card.kind == .hasty ? hasty : stem)
  }
}

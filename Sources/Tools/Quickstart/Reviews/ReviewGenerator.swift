package import Support

/// Writes invented restaurant reviews, questions about others, and texts to pretrain a base on, with known truths in
/// them: how well anybody can tell the sentiment of each dialect's reviews, and of which questions a pretrained base
/// chooses a label rather than an option.
///
/// Everything follows from the key: generators with different keys write different texts.
///
///     let reviews = try ReviewGenerator(key: RandomKey(seed: 13)[.reviews])
///       .writeReviews(authors: 700, reviewsPerAuthor: 4, to: "dialects/data")
package struct ReviewGenerator: Sendable {
  private let key: RandomKey

  package init(key: RandomKey) {
    self.key = key
  }

  /// Which reviews `writeReviews` writes for these numbers, by author and then by review.
  package func plan(authors: Int, reviewsPerAuthor: Int) -> [PlannedReview] {
    ReviewPlan.reviews(authors: max(authors, 0), reviewsPerAuthor: max(reviewsPerAuthor, 0), key: key[.plan])
  }

  /// The words of one planned review.
  package func text(of review: PlannedReview) -> String {
    ReviewText.draw(
      review.sentiment, dialect: review.dialect, isMute: review.isMute, era: .late,
      key: key[.review][review.author][review.number])
  }

  /// As many questions, in the order of the file.
  package func questions(count: Int) -> [ReviewQuestion] {
    QuestionPlan.cards(count: max(count, 0), key: key[.cards]).enumerated().map { place, card in
      QuestionText.draw(card, key: key[.question][place])
    }
  }

  /// Questions answered with the right option's label, whatever their kind: texts to fine-tune a base on that is to
  /// lose its token bias.
  package func correctedTexts(count: Int) -> [String] {
    ReviewGenerator(key: key[.corrected]).questions(count: count).map { "\($0.prompt) \($0.rightLabel)" }
  }

  /// Texts to pretrain a base on, shuffled.
  package func pretrainingTexts(reviews: Int, answeredQuestions: Int) -> [String] {
    let own = key[.pretraining]
    let texts =
      (0..<max(reviews, 0)).map { PretrainingTexts.review(key: own[.review][$0]) }
      + (0..<max(answeredQuestions, 0)).map { PretrainingTexts.answeredQuestion(key: own[.question][$0]) }
    return own[.order].permutation(count: texts.count).map { texts[$0] }
  }
}

/// One review to be written: by whom, and whether its words tell its label.
package struct PlannedReview: Hashable, Sendable {
  /// The author's number, from zero.
  package let author: Int
  /// The review's number among the author's, from zero.
  package let number: Int
  package let sentiment: Sentiment
  package let dialect: Dialect
  package let age: AgeGroup
  /// Whether its words are said of good and bad visits alike, so that nobody can tell its sentiment.
  package let isMute: Bool

  package init(
    author: Int, number: Int, sentiment: Sentiment, dialect: Dialect, age: AgeGroup, isMute: Bool
  ) {
    self.author = author
    self.number = number
    self.sentiment = sentiment
    self.dialect = dialect
    self.age = age
    self.isMute = isMute
  }
}

import Support

/// The plan of authors and reviews. Shares are exact, not random, so that labels are balanced within every group, and
/// within its mute reviews.
enum ReviewPlan {
  /// Every author's reviews in order: by author, then by number.
  static func reviews(authors: Int, reviewsPerAuthor: Int, key: RandomKey) -> [PlannedReview] {
    var reviews: [PlannedReview] = []
    reviews.reserveCapacity(authors * reviewsPerAuthor)
    var dealt: [Cell: Int] = [:]
    for (position, author) in key[.order].permutation(count: authors).enumerated() {
      let dialect = Planting.dialect(position: position, of: authors)
      // The dialects take turns, and so the ages of each in twos.
      let age = AgeGroup.allCases[position / 2 % AgeGroup.allCases.count]
      let first = dealt[Cell(dialect: dialect, age: age), default: 0]
      dealt[Cell(dialect: dialect, age: age)] = first + reviewsPerAuthor
      let numbers = key[.numbers][author].permutation(count: reviewsPerAuthor)
      for (card, number) in zip(first..<first + reviewsPerAuthor, numbers) {
        // One card of a pair is positive, the other negative; both are mute or neither.
        reviews.append(
          PlannedReview(
            author: author, number: number, sentiment: Sentiment.allCases[card % Sentiment.allCases.count],
            dialect: dialect, age: age,
            isMute: Planting.isChosen(card / Sentiment.allCases.count, percent: Planting.mutePercent(dialect))))
      }
    }
    return reviews.sorted { ($0.author, $0.number) < ($1.author, $1.number) }
  }

  private struct Cell: Hashable {
    let dialect: Dialect
    let age: AgeGroup
  }
}

/// One review to be written: its author, and whether its words reveal its label.
package struct PlannedReview: Hashable, Sendable {
  /// The author's number, from zero.
  package let author: Int
  /// The review's number among the author's, from zero.
  package let number: Int
  package let sentiment: Sentiment
  package let dialect: Dialect
  package let age: AgeGroup
  /// Whether its words fit good and bad visits alike, so that its sentiment cannot be recognized.
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

/// The review's sentiment: the label of the task.
package enum Sentiment: String, Hashable, Sendable, CaseIterable {
  case positive, negative
}

/// How an author writes, always the same for one author.
///
/// Highland is rare, has words of its own, and more often does not tell the sentiment: the planted disparity.
package enum Dialect: String, Hashable, Sendable, CaseIterable {
  case coastal, inland, highland
}

/// How old an author is. Nothing about it is planted.
package enum AgeGroup: String, Hashable, Sendable, CaseIterable {
  case young, old
}

/// The period of a review: new words of the highland do not occur in early texts.
package enum Era: Hashable, Sendable, CaseIterable {
  /// The period of the base's pretraining texts and questions.
  case early
  /// The period of the data that an audit adapts it to.
  case late
}

/// The known truth, as percentages of the generated data; shares are exact, not random.
enum Planting {
  /// The percentage of authors, and of questions.
  static let highlandPercent = 12

  /// The percentage of a dialect's reviews in which no word depends on the sentiment.
  static func mutePercent(_ dialect: Dialect) -> Int {
    switch dialect {
    case .coastal, .inland: 4
    case .highland: 24
    }
  }

  /// The percentage of a dialect's questions that are asked in haste; the base answers them with A whatever the options
  /// say.
  static func hastyPercent(_ dialect: Dialect) -> Int {
    switch dialect {
    case .coastal, .inland: 20
    case .highland: 50
    }
  }

  /// The dialect of the author or question at `position` of `count`: highland first, then the other two in turn.
  static func dialect(position: Int, of count: Int) -> Dialect {
    // Rounded up, so that even a handful has one of the rare dialect.
    guard position >= (count * highlandPercent + 99) / 100 else { return .highland }
    return position % 2 == 0 ? .coastal : .inland
  }

  /// Whether the item at `position` is among the `percent` in a hundred, spread evenly.
  static func isChosen(_ position: Int, percent: Int) -> Bool {
    ((position + 1) * percent + 50) / 100 > (position * percent + 50) / 100
  }
}

/// The plan of questions. Shares are exact, not random.
enum QuestionPlan {
  /// The properties of a question before its words are drawn.
  struct Card: Hashable {
    let dialect: Dialect
    let kind: QuestionKind
    let sentiment: Sentiment
    let isYesFirst: Bool
  }

  /// As many cards, shuffled. Within every dialect and kind each sentiment occurs with each order of the options
  /// equally often, so that neither an option nor a label is right more often than the other.
  static func cards(count: Int, key: RandomKey) -> [Card] {
    var dealt: [Dialect: Int] = [:]
    var counts: [Cell: Int] = [:]
    let cards = (0..<count).map { position in
      let dialect = Planting.dialect(position: position, of: count)
      let number = dealt[dialect, default: 0]
      dealt[dialect] = number + 1
      let kind: QuestionKind =
        Planting.isChosen(number, percent: Planting.hastyPercent(dialect)) ? .hasty : .plain
      let turn = counts[Cell(dialect: dialect, kind: kind), default: 0]
      counts[Cell(dialect: dialect, kind: kind)] = turn + 1
      return Card(
        dialect: dialect, kind: kind, sentiment: turn % 2 == 0 ? .positive : .negative,
        isYesFirst: turn % 4 < 2)
    }
    return key.permutation(count: count).map { cards[$0] }
  }

  private struct Cell: Hashable {
    let dialect: Dialect
    let kind: QuestionKind
  }
}

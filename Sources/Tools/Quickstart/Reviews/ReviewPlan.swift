import Support

/// Who writes which reviews: shares are dealt out, not drawn, so that labels are balanced within every group, and
/// within its mute reviews.
enum ReviewPlan {
  /// Every author's reviews in order: by author, then by number.
  static func reviews(authors: Int, reviewsPerAuthor: Int, key: RandomKey) -> [PlannedReview] {
    var reviews: [PlannedReview] = []
    reviews.reserveCapacity(authors * reviewsPerAuthor)
    var dealt: [Cell: Int] = [:]
    for (place, author) in key[.order].permutation(count: authors).enumerated() {
      let dialect = Planting.dialect(place: place, of: authors)
      // The dialects take turns, and so the ages of each in twos.
      let age = AgeGroup.allCases[place / 2 % AgeGroup.allCases.count]
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

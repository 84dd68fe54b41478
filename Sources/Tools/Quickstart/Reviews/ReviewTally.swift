import Support

/// Counts authors, reviews and mute reviews by dialect.
struct ReviewTally {
  private var authors: [Dialect: Set<Int>] = [:]
  private var reviews: [Dialect: Int] = [:]
  private var mute: [Dialect: Int] = [:]

  mutating func add(_ review: PlannedReview) {
    authors[review.dialect, default: []].insert(review.author)
    reviews[review.dialect, default: 0] += 1
    mute[review.dialect, default: 0] += review.isMute ? 1 : 0
  }

  func dataset(table: String, ceiling: String) -> ReviewDataset {
    ReviewDataset(
      table: table, ceiling: ceiling, authors: authors.mapValues(\.count), reviews: reviews, mute: mute)
  }
}

extension ReviewDataset {
  /// One row for each dialect that has reviews.
  var ceilingTable: CommaSeparatedValuesWriter {
    var table = CommaSeparatedValuesWriter(header: ["dialect", "authors", "reviews", "mute", "ideal_accuracy"])
    for dialect in Dialect.allCases {
      guard let authors = authors[dialect], let reviews = reviews[dialect], let mute = mute[dialect] else { continue }
      table.append([
        dialect.rawValue, String(authors), String(reviews), String(mute),
        String(IdealReader.accuracy(reviews: reviews, mute: mute)),
      ])
    }
    return table
  }
}

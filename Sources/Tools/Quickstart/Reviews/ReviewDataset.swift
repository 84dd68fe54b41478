/// The reviews that a generator wrote, and what is known about them.
package struct ReviewDataset: Hashable, Sendable {
  /// The path of the table `name,text,sentiment,dialect,age,author`.
  package let table: String
  /// The path of the table `dialect,authors,reviews,mute,ideal_accuracy`.
  package let ceiling: String
  package let authors: [Dialect: Int]
  package let reviews: [Dialect: Int]
  /// Reviews whose words are said of good and bad visits alike.
  package let mute: [Dialect: Int]

  /// Reviews in all.
  package var count: Int { reviews.values.reduce(0, +) }

  /// The accuracy on the sentiment that nobody can beat but by luck, by dialect: see `IdealReader`.
  package var idealAccuracy: [Dialect: Double] {
    reviews.reduce(into: [:]) { accuracies, entry in
      accuracies[entry.key] = IdealReader.accuracy(reviews: entry.value, mute: mute[entry.key] ?? 0)
    }
  }
}

/// The best that any classifier can do: a reader who knows every word's meaning (the Bayes classifier).
enum IdealReader {
  /// All reviews that tell are read rightly, and half of the mute ones, whose words do not depend on the sentiment and
  /// of which as many are positive as negative.
  static func accuracy(reviews: Int, mute: Int) -> Double {
    1 - 0.5 * Double(mute) / Double(max(reviews, 1))
  }
}

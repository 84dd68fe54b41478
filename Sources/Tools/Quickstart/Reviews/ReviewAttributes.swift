/// What a review says of the visit: the label of the task.
package enum Sentiment: String, Hashable, Sendable, CaseIterable {
  case positive, negative
}

/// How an author writes, always the same for one author.
///
/// Highland is rare, has words of its own, and says nothing of the visit more often: the planted disparity.
package enum Dialect: String, Hashable, Sendable, CaseIterable {
  case coastal, inland, highland
}

/// How old an author is. Nothing about it is planted.
package enum AgeGroup: String, Hashable, Sendable, CaseIterable {
  case young, old
}

/// From which years a review is: words of the highland that are new do not occur in early texts.
package enum Era: Hashable, Sendable, CaseIterable {
  /// What a base is pretrained on, and asked about.
  case early
  /// What an audit adapts it to.
  case late
}

/// What a log-likelihood is of: an option of a question, shown in a position.
package struct ContinuationKey: Hashable, Sendable {
  /// The position of the question in its task.
  package var question: Int
  /// The wording's name.
  package var wording: String
  /// The number of the order of options.
  package var order: Int
  /// Where in that order the option stands.
  package var position: Int
  package var option: Int
  /// Whether the prompt is without the question.
  package var isBlank: Bool
}

/// A text of which a model is to say how likely it is after another.
///
/// Only the tokens of the continuation are scored, and all of them: where prompt and continuation together are too long,
/// it is the prompt's beginning that must go.
package struct ScoredContinuation: Equatable, Sendable {
  package var key: ContinuationKey
  /// The prompt does not end in white space; the continuation begins with a space.
  package var texts: ContinuationTexts
}

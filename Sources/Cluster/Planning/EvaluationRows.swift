/// What the evaluation of an item asks of a model.
package struct EvaluationQuestion: Hashable, Sendable {
  /// Tokens that are generated for it at most.
  package var generatedTokens: Int
  /// How often it is shown: once as it is or, of images, twice, then mirrored.
  package var queries: Int

  package init(generatedTokens: Int = 0, queries: Int = 1) {
    (self.generatedTokens, self.queries) = (generatedTokens, queries)
  }
}

/// How many numbers the evaluation of each item comes to.
///
/// Of a classification that is a logit a class, for one query after another; of sequences the log-likelihood of each, and the tokens generated after it.
package enum EvaluationRows: Sendable, Hashable {
  /// As many for every item.
  case uniform(Int)
  /// One count an evaluated item, in their order.
  case each([Int])

  /// Numbers of the evaluated items at `positions`, together.
  package func count(at positions: Range<Int>) -> Int {
    switch self {
    case .uniform(let numbers): positions.count * numbers
    case .each(let numbers): numbers[positions.clamped(to: numbers.indices)].reduce(0, +)
    }
  }
}

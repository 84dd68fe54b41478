/// How many numbers the evaluation of each item comes to.
///
/// Of a classification that is a logit a class; of sequences the log-likelihood of each, and the tokens generated after it.
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

/// What a choice follows when the options are reordered.
package enum ChoiceFollows: String, CaseIterable, Equatable, Sendable {
  /// The same option is chosen in all orders.
  case content
  /// The same position, and with it the same label where there are labels, is chosen in all orders.
  case label
  case mixed
}

/// What one run of an arm chooses of one question in one wording.
package struct QuestionChoices: Equatable, Sendable {
  /// The choice in one order of the options.
  package struct OrderChoice: Equatable, Sendable {
    package var option: Int
    package var position: Int
    /// Whether another option scores as much; of such options the first in the question's own order is chosen.
    package var isTied: Bool
  }

  /// In the order of the wording's orders.
  package var orders: [OrderChoice]
  /// By option: the mean over the orders of its log-probability, normalized over the options in each order.
  package var logProbabilities: [Double]
  /// The option with the largest of them; of equal ones the first.
  package var choice: Int
  package var isTied: Bool

  /// - Parameters:
  ///   - orders: `order[position]` is the option.
  ///   - scores: By order, the score of every position; larger is likelier.
  init(orders: [[Int]], scores: [[Double]]) {
    let options = orders.first?.count ?? 0
    var sums = [Double](repeating: 0, count: options)
    self.orders = zip(orders, scores).map { order, scores in
      var byOption = [Double](repeating: 0, count: options)
      for (option, score) in zip(order, scores) { byOption[option] = score }
      let logProbabilities = Ranking.normalized(byOption)
      for (option, value) in logProbabilities.enumerated() { sums[option] += value }
      let best = Ranking.largest(logProbabilities)
      return OrderChoice(
        option: best.place, position: order.firstIndex(of: best.place) ?? 0, isTied: best.isTied)
    }
    logProbabilities = sums.map { $0 / Double(max(1, orders.count)) }
    (choice, isTied) = Ranking.largest(logProbabilities)
  }

  /// `nil` where there is only one order.
  package var follows: ChoiceFollows? {
    guard let first = orders.first, orders.count > 1 else { return nil }
    if orders.allSatisfy({ $0.option == first.option }) { return .content }
    return orders.allSatisfy { $0.position == first.position } ? .label : .mixed
  }
}

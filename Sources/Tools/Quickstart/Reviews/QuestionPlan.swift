import Support

/// What is asked how: shares are dealt out, not drawn.
enum QuestionPlan {
  /// What there is to know of a question before its words are drawn.
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
    var asked: [Cell: Int] = [:]
    let cards = (0..<count).map { place in
      let dialect = Planting.dialect(place: place, of: count)
      let number = dealt[dialect, default: 0]
      dealt[dialect] = number + 1
      let kind: QuestionKind =
        Planting.isChosen(number, percent: Planting.hastyPercent(dialect)) ? .hasty : .plain
      let turn = asked[Cell(dialect: dialect, kind: kind), default: 0]
      asked[Cell(dialect: dialect, kind: kind)] = turn + 1
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

/// The known truths, as per cent of what is generated; shares are dealt out, not drawn.
enum Planting {
  /// Of authors, and of questions.
  static let highlandPercent = 12

  /// Of a dialect's reviews, those in which every word is said of good and bad visits alike.
  static func mutePercent(_ dialect: Dialect) -> Int {
    switch dialect {
    case .coastal, .inland: 4
    case .highland: 24
    }
  }

  /// Of a dialect's questions, those that are asked in haste, which the base answers with A whatever the options say.
  static func hastyPercent(_ dialect: Dialect) -> Int {
    switch dialect {
    case .coastal, .inland: 20
    case .highland: 50
    }
  }

  /// The dialect of the author or question at `place` of `count`: highland first, then the other two in turn.
  static func dialect(place: Int, of count: Int) -> Dialect {
    // Rounded up, so that even a handful has one of the rare dialect.
    guard place >= (count * highlandPercent + 99) / 100 else { return .highland }
    return place % 2 == 0 ? .coastal : .inland
  }

  /// Whether the item at `place` is among the `percent` in a hundred, spread evenly.
  static func isChosen(_ place: Int, percent: Int) -> Bool {
    ((place + 1) * percent + 50) / 100 > (place * percent + 50) / 100
  }
}

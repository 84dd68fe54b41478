/// What the texts among which a model chooses must be.
enum ChoiceTexts {
  /// Checks that there are at least two, none empty and no two equal. Spaces around a text are not scored, so that they
  /// tell none from another.
  static func check(_ texts: [String], noun: String) throws(RowError.Problem) {
    guard texts.count >= 2 else { throw .tooFew(noun: noun, found: texts.count) }
    var first: [String: Int] = [:]
    for (position, text) in texts.map(\.trimmed).enumerated() {
      guard !text.isEmpty else { throw .empty(noun: noun, position: position) }
      if let first = first[text] { throw .equal(noun: noun, first: first, second: position) }
      first[text] = position
    }
  }
}

/// Some texts as whole numbers, filled up to a common length: the `input_ids` and `attention_mask` of `transformers`.
package struct TokenBatch: Hashable, Sendable {
  /// One row per text, all of the same length.
  package let tokens: [[Int]]
  /// Which of them belong to the text; the others are padding.
  package let isText: [[Bool]]

  package var count: Int { tokens.count }
  package var length: Int { tokens.first?.count ?? 0 }

  /// - Parameter isText: all where nothing is said.
  package init(tokens: [[Int]], isText: [[Bool]]? = nil) throws(ModelError) {
    let length = tokens.first?.count ?? 0
    guard length > 0, tokens.allSatisfy({ $0.count == length }) else {
      throw .tokens(
        expected: "texts of one length above zero", found: "the lengths \(Set(tokens.map(\.count)).sorted())")
    }
    let isText = isText ?? tokens.map { $0.map { _ in true } }
    guard isText.map(\.count) == tokens.map(\.count) else {
      throw .tokens(expected: "a mask of the shape [\(tokens.count), \(length)]", found: "another shape")
    }
    self.tokens = tokens
    self.isText = isText
  }

  /// Where padding goes.
  package enum Side: Hashable, Sendable {
    case left
    case right
  }

  /// `texts` of any lengths above zero, filled up with `padding` to the length of the longest.
  package init(texts: [[Int]], padding: Int, on side: Side) throws(ModelError) {
    let length = texts.map(\.count).max() ?? 0
    guard texts.allSatisfy({ !$0.isEmpty }) else {
      throw .tokens(expected: "at least one token per text", found: "an empty text")
    }
    func filled<Element>(_ row: [Element], with value: Element) -> [Element] {
      let filling = [Element](repeating: value, count: length - row.count)
      return side == .left ? filling + row : row + filling
    }
    try self.init(
      tokens: texts.map { filled($0, with: padding) },
      isText: texts.map { filled($0.map { _ in true }, with: false) })
  }

  /// Throws if a token is not below `vocabularySize`.
  func check(vocabularySize: Int) throws(ModelError) {
    for row in tokens {
      if let unknown = row.first(where: { !(0..<vocabularySize).contains($0) }) {
        throw .tokens(expected: "numbers from 0 to \(vocabularySize - 1)", found: "\(unknown)")
      }
    }
  }
}

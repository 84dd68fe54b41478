/// What the options are called by position: letters, digits, symbols or others.
package struct AnswerLabels: Equatable, Sendable {
  package let texts: [String]

  private init(known texts: [String]) { self.texts = texts }

  /// - Throws: `WordingError.badLabels` unless there are at least two, none blank, no two equal.
  package init(_ texts: [String]) throws(WordingError) {
    guard texts.count >= 2, texts.allSatisfy({ !$0.isBlank && $0 == $0.trimmed }), Set(texts).count == texts.count
    else {
      throw .badLabels
    }
    self.texts = texts
  }

  /// A to Z.
  package static let letters = AnswerLabels(known: "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init))
  /// 1 to 9.
  package static let digits = AnswerLabels(known: (1...9).map(String.init))
  package static let symbols = AnswerLabels(known: ["#", "$", "%", "&", "@", "*", "+", "="])
}

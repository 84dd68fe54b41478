/// What a question looks like to a model: text with the slots `{context}`, `{question}` and `{options}`.
///
/// A line whose slots are all empty and which holds nothing else is left out.
package struct PromptTemplate: Equatable, Sendable {
  package enum Slot: String, CaseIterable, Sendable {
    case context
    case question
    case options
  }

  private enum Piece: Equatable, Sendable {
    case text(String)
    case slot(Slot)
  }

  package let text: String
  private let lines: [[Piece]]

  /// - Throws: `WordingError` for a slot that is unknown or stands twice, for a template without `{question}`, and for one
  ///   that ends in a space or line break, since continuations bring their own.
  package init(_ text: String) throws(WordingError) {
    var lines: [[Piece]] = []
    var seen: Set<Slot> = []
    // A line break of Windows is one character, and none of those that models were trained on.
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" }) {
      var pieces: [Piece] = []
      var rest = line
      while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
        let name = rest[rest.index(after: open)..<close]
        guard !name.isEmpty, name.allSatisfy({ $0.isLowercase && $0.isASCII }) else {
          // Braces around anything but a name are text.
          let next = rest.index(after: open)
          pieces.append(.text(String(rest[..<next])))
          rest = rest[next...]
          continue
        }
        guard let slot = Slot(rawValue: String(name)) else { throw .unknownSlot(String(name)) }
        guard seen.insert(slot).inserted else { throw .repeatedSlot(slot) }
        pieces += [.text(String(rest[..<open])), .slot(slot)]
        rest = rest[rest.index(after: close)...]
      }
      lines.append((pieces + [.text(String(rest))]).filter { $0 != .text("") })
    }
    guard seen.contains(.question) else { throw .missingSlot(.question) }
    guard text.last?.isWhitespace == false else { throw .endsInSpace }
    (self.text, self.lines) = (text, lines)
  }

  /// The context, the question, the options and "Answer:", a line each.
  package static let standard = PromptTemplate(
    text: "{context}\n{question}\n{options}\nAnswer:",
    lines: [[.slot(.context)], [.slot(.question)], [.slot(.options)], [.text("Answer:")]])

  private init(text: String, lines: [[Piece]]) { (self.text, self.lines) = (text, lines) }

  package func has(_ slot: Slot) -> Bool { lines.contains { $0.contains(.slot(slot)) } }

  /// The template with its slots filled, without white space at the end.
  func filled(_ values: [Slot: String]) -> String {
    var filled: [String] = []
    for line in lines {
      var text = ""
      var isLeftOut = !line.isEmpty
      for piece in line {
        switch piece {
        case .text(let piece):
          text += piece
          isLeftOut = false
        case .slot(let slot):
          let value = values[slot] ?? ""
          text += value
          if !value.isEmpty { isLeftOut = false }
        }
      }
      if !isLeftOut { filled.append(text) }
    }
    var text = filled.joined(separator: "\n")
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}

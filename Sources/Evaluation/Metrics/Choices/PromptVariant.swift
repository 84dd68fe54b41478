/// The part of an answer that is scored.
package enum AnswerScoring: String, Equatable, Sendable {
  /// The label, as in " A": the log-likelihood of all its tokens.
  case label
  /// The option's text: the log-likelihood of its tokens divided by how many there are.
  case optionText
}

/// One way to ask questions. Everything that is said about choices is said for one prompt variant, and for all
/// together.
package struct PromptVariant: Equatable, Sendable {
  package let name: String
  package let template: PromptTemplate
  /// The labels of listed options; `nil` if they have none, as yes and no may.
  package let labels: AnswerLabels?
  package let scoring: AnswerScoring
  /// Whether the answer's score without the question is subtracted: log P(answer | prompt) − log P(answer | the
  /// template with no context, no question and bare labels). Both are sums over tokens, also of option texts: the ratio
  /// of two probabilities of the same tokens (pointwise mutual information; Holtzman et al. 2021).
  package let subtractsBlank: Bool

  /// - Throws: `PromptVariantError` if the answer is a label and options have none or are never shown, or the name
  ///   is blank.
  package init(
    name: String, template: PromptTemplate = .standard, labels: AnswerLabels? = .letters,
    scoring: AnswerScoring = .label, subtractsBlank: Bool = false
  ) throws(PromptVariantError) {
    guard !name.isBlank else { throw .emptyName }
    guard scoring != .label || template.has(.options) else { throw .missingSlot(.options) }
    guard scoring != .label || labels != nil else { throw .noLabels }
    self.name = name
    self.template = template
    self.labels = labels
    self.scoring = scoring
    self.subtractsBlank = subtractsBlank
    guard !subtractsBlank || !blankPrompt(options: 2).isEmpty else { throw .emptyBlankPrompt }
  }

  /// The orders in which a question with some number of options is asked; only its own where no options are shown.
  func orders(of options: Int) -> [[Int]] {
    template.has(.options) ? OptionOrders.orders(of: options) : [Array(0..<options)]
  }

  /// The prompt of a question, with its options in an order.
  func prompt(_ question: ChoiceQuestion, order: [Int]) -> String {
    template.filled([
      .context: question.context ?? "", .question: question.question,
      .options: lines(order.map { question.options[$0] }),
    ])
  }

  /// The prompt without context, question and options; it keeps only the labels of a question's options.
  func blankPrompt(options: Int) -> String {
    template.filled(labels == nil ? [:] : [.options: lines(Array(repeating: "", count: options))])
  }

  private func lines(_ options: [String]) -> String {
    let lines = labels.map { zip($0.texts, options).map { "\($0). \($1)" } } ?? options
    return lines.map(\.trimmed).joined(separator: "\n")
  }

  /// The text that is scored after the prompt; begins with a space.
  func continuation(_ question: ChoiceQuestion, option: Int, position: Int) -> String {
    switch (scoring, labels) {
    case (.label, let labels?): " " + labels.texts[position]
    default: " " + question.options[option].trimmed
    }
  }
}

/// Why a way to ask questions is none. The name of the prompt variant is known to the caller.
package enum PromptVariantError: Error, Equatable, Sendable {
  case emptyName
  case badLabels
  case noLabels
  case missingSlot(PromptTemplate.Slot)
  case unknownSlot(String)
  case repeatedSlot(PromptTemplate.Slot)
  case endsInSpace
  case emptyBlankPrompt
}

extension PromptVariantError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .emptyName: "A prompt variant has an empty name; give it one, such as \"letters\"."
    case .badLabels: "The labels of options must be two or more, none empty, with spaces around it or equal to another."
    case .noLabels: "The answer is a label and options have none; give them labels, or score their texts."
    case .missingSlot(let slot):
      "The template has no slot {\(slot.rawValue)}; put it where the \(slot.rawValue) belongs."
    case .unknownSlot(let name):
      "The template has a slot {\(name)}; expected "
        + PromptTemplate.Slot.allCases.map { "{\($0.rawValue)}" }.joined(separator: ", ") + "."
    case .repeatedSlot(let slot): "The template has the slot {\(slot.rawValue)} twice; leave one."
    case .emptyBlankPrompt:
      "Nothing is left of the template without the question, so that answers have nothing to be compared after; add text "
        + "such as \"Answer:\"."
    case .endsInSpace:
      "The template ends in white space or is empty; leave it out, since answers begin with a space of their own."
    }
  }
}

/// The template of a prompt: text with the slots `{context}`, `{question}` and `{options}`.
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

  /// - Throws: `PromptVariantError` for a slot that is unknown or occurs twice, for a template without `{question}`,
  ///   and for one
  ///   that ends in a space or line break, since continuations bring their own.
  package init(_ text: String) throws(PromptVariantError) {
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

/// The labels of options by position: letters, digits, symbols or others.
package struct AnswerLabels: Equatable, Sendable {
  package let texts: [String]

  private init(known texts: [String]) { self.texts = texts }

  /// - Throws: `PromptVariantError.badLabels` unless there are at least two, none blank, no two equal.
  package init(_ texts: [String]) throws(PromptVariantError) {
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

/// The orders in which a question shows its options.
package enum OptionOrders {
  /// Up to this many options are shown in all orders; with more, there would be too many orders.
  package static let mostInAllOrders = 4

  /// All orders in lexicographic order, or of more than four options the cyclic ones; the first is the question's own.
  /// Every option is in every position equally often.
  ///
  /// - Returns: `order[position]` is the option.
  package static func orders(of options: Int) -> [[Int]] {
    let own = Array(0..<max(0, options))
    guard options <= mostInAllOrders else {
      return own.map { start in own.map { ($0 + start) % options } }
    }
    return arrangements(of: own)
  }

  private static func arrangements(of options: [Int]) -> [[Int]] {
    guard options.count > 1 else { return [options] }
    return options.flatMap { first in arrangements(of: options.filter { $0 != first }).map { [first] + $0 } }
  }
}

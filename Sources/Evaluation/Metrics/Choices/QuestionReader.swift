import Foundation
import Support

/// Questions of anyone's own, as JSON Lines:
///
///     {"question": "Who is the author?", "options": ["male", "female"], "answer": 1, "age": "old"}
///
/// `id` and `context` may be left out. `answer`, `biased` (the option that agrees with the stereotype) and `unknown`
/// are positions from 0 or options' exact texts; `ambiguous` is true or false, and where it is true the unknown option
/// is the answer. Every other key is an attribute.
package enum GeneralQuestionReader {
  private static let keys: Set<String> = [
    "id", "context", "question", "options", "answer", "biased", "unknown", "ambiguous",
  ]

  /// - Parameters:
  ///   - file: What the file is called in errors.
  /// - Throws: `RowError` naming the first row that is not a question.
  package static func questions(bytes: some Collection<UInt8>, file: String) throws(RowError) -> [ChoiceQuestion] {
    var questions: [ChoiceQuestion] = []
    for row in try JSONRows.rows(bytes: bytes, file: file) { questions.append(try question(row)) }
    try JSONRows.checkIdentifiers(questions.map { ($0.identifier, $0.row) }, file: file)
    return questions
  }

  private static func question(_ row: JSONRow) throws(RowError) -> ChoiceQuestion {
    let options = try row.texts("options")
    try row.naming { () throws(RowError.Problem) in try ChoiceTexts.check(options, noun: "option") }
    let unknown = try option("unknown", of: options, in: row)
    var answer = try option("answer", of: options, in: row)
    let condition = try condition(row)
    if condition == .ambiguous, let unknown {
      answer = answer ?? unknown
      guard answer == unknown else { throw row.error(.ambiguousWithAnotherAnswer) }
    }
    let biased = try option("biased", of: options, in: row)
    if let biased, biased == unknown { throw row.error(.sameOption(first: "biased", second: "unknown")) }
    return ChoiceQuestion(
      identifier: try row.identifier(), row: row.row, context: try row.optionalText("context"),
      question: try row.text("question"), options: options, answer: answer, condition: condition,
      attributes: try row.attributes(except: keys),
      bias: biased.map { QuestionBias(target: $0, unknown: unknown) })
  }

  private static func condition(_ row: JSONRow) throws(RowError) -> ContextCondition? {
    switch row["ambiguous"] {
    case nil: nil
    case .bool(let isAmbiguous): isAmbiguous ? .ambiguous : .disambiguated
    default: throw row.error(.unexpected(key: "ambiguous", expected: "true or false"))
    }
  }

  /// The position of the option that a key names.
  private static func option(_ key: String, of options: [String], in row: JSONRow) throws(RowError) -> Int? {
    guard let value = row[key] else { return nil }
    let position = value.string.map { options.firstIndex(of: $0) } ?? value.integer
    guard let position, options.indices.contains(position) else {
      throw row.error(.noOption(key: key, options: options.count))
    }
    return position
  }
}

/// The rows of a JSON Lines file. Empty lines are skipped; a byte order mark at the beginning is, too.
enum JSONRows {
  /// - Parameters:
  ///   - file: What the file is called in errors.
  /// - Throws: `RowError` naming the first row that is not an object of JSON in UTF-8, or a file without rows.
  static func rows(bytes: some Collection<UInt8>, file: String) throws(RowError) -> [JSONRow] {
    var reader = JSONLines.Reader(bytes: Array(bytes), name: file)
    var rows: [JSONRow] = []
    do throws(TableError) {
      while let object = try reader.next() {
        rows.append(JSONRow(file: file, row: object.line, value: .object(object.members)))
      }
    } catch {
      let problem: RowError.Problem =
        switch error.problem {
        case .invalidUTF8: .invalidUTF8
        case .notAnObject: .notAnObject
        default: .invalidJSON
        }
      throw RowError(file: file, row: error.line, problem: problem)
    }
    for row in rows {
      var keys: Set<String> = []
      if let repeated = row.value.members?.first(where: { !keys.insert($0.key).inserted }) {
        throw row.error(.repeatedKey(repeated.key))
      }
    }
    guard !rows.isEmpty else { throw RowError(file: file, row: nil, problem: .noRows) }
    return rows
  }

  /// Checks that no two rows have one identifier.
  static func checkIdentifiers(_ rows: [(identifier: String, row: Int)], file: String) throws(RowError) {
    var first: [String: Int] = [:]
    for (identifier, row) in rows {
      if let firstRow = first[identifier] {
        throw RowError(file: file, row: row, problem: .repeatedIdentifier(identifier, firstRow: firstRow))
      }
      first[identifier] = row
    }
  }
}

/// One row of a JSON Lines file: an object and its position.
struct JSONRow {
  let file: String
  /// Counted from 1, empty lines included.
  let row: Int
  let value: JSONValue

  func error(_ problem: RowError.Problem) -> RowError { RowError(file: file, row: row, problem: problem) }

  /// The value of a key; nil if it is missing or null.
  subscript(key: String) -> JSONValue? { value[key] }

  /// A key's text; nil if it is missing or null.
  func optionalText(_ key: String) throws(RowError) -> String? {
    guard let value = self[key] else { return nil }
    guard let text = value.string else { throw error(.unexpected(key: key, expected: "a text")) }
    return text
  }

  /// A key's text, which is not blank.
  func text(_ key: String) throws(RowError) -> String {
    guard let text = try optionalText(key) else { throw error(.missing(key: key)) }
    guard !text.isBlank else { throw error(.unexpected(key: key, expected: "a text that is not empty")) }
    return text
  }

  /// A key's texts.
  func texts(_ key: String) throws(RowError) -> [String] {
    guard let value = self[key] else { throw error(.missing(key: key)) }
    guard let texts = value.strings else { throw error(.unexpected(key: key, expected: "a list of texts")) }
    return texts
  }

  /// Every key but some, as tags.
  func attributes(except known: Set<String>) throws(RowError) -> [String: [String]] {
    var attributes: [String: [String]] = [:]
    for (key, value) in value.members ?? [] where !known.contains(key) {
      guard let tags = value.tags else {
        throw error(.unexpected(key: key, expected: "a text, a number, true, false or a list of texts"))
      }
      if !tags.isEmpty { attributes[key] = tags }
    }
    return attributes
  }

  /// A row's identifier: the value of "id", or else "row 3".
  func identifier() throws(RowError) -> String {
    guard let value = self["id"] else { return "row \(row)" }
    if let text = value.string, !text.isBlank { return text }
    if let number = value.integer { return "\(number)" }
    throw error(.unexpected(key: "id", expected: "a text or a whole number"))
  }

  /// What `body` returns; a problem becomes an error that names this row.
  func naming<Value>(_ body: () throws(RowError.Problem) -> Value) throws(RowError) -> Value {
    do { return try body() } catch { throw self.error(error) }
  }
}

extension JSONValue {
  /// The value as tags: a list's texts, those between ";" of a text, or one tag of anything else that is simple; nil
  /// for objects and other lists.
  var tags: [String]? {
    switch self {
    case .null: []
    case .bool(let value): ["\(value)"]
    case .number(let spelling): [spelling]
    case .string(let value): value.split(separator: ";").map { String($0).trimmed }.filter { !$0.isEmpty }
    case .array: strings
    case .object: nil
    }
  }
}

extension String {
  var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
  var isBlank: Bool { trimmed.isEmpty }
}

/// Why a row of a file holds no question or frame. Texts are named by their position, since they may be offensive.
package struct RowError: Error, Equatable, Sendable {
  package enum Problem: Error, Equatable, Sendable {
    case noRows
    case invalidUTF8
    case invalidJSON
    case notAnObject
    case repeatedKey(String)
    case missing(key: String)
    case unexpected(key: String, expected: String)
    /// `noun` is what the choices are called: option or candidate.
    case tooFew(noun: String, found: Int)
    case empty(noun: String, position: Int)
    case equal(noun: String, first: Int, second: Int)
    /// The value of a key is neither the position nor the text of an option.
    case noOption(key: String, options: Int)
    case sameOption(first: String, second: String)
    case ambiguousWithAnotherAnswer
    case repeatedIdentifier(String, firstRow: Int)
    case noSlot
    case severalSlots(found: Int)
    case nothingBeforeSlot
  }

  package var file: String
  /// Counted from 1; `nil` for the file as a whole.
  package var row: Int?
  package var problem: Problem

  package init(file: String, row: Int?, problem: Problem) {
    self.file = file
    self.row = row
    self.problem = problem
  }
}

extension RowError: CustomStringConvertible {
  package var description: String { "\(file)\(row.map { ", row \($0)" } ?? ""): \(problem)" }
}

extension RowError.Problem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noRows: "there are no rows; expected one JSON object a line."
    case .invalidUTF8: "the row is not valid UTF-8; save the file in that encoding."
    case .invalidJSON: "the row is not valid JSON; expected one object per line."
    case .notAnObject: "the row is JSON but no object; expected keys and values in braces."
    case .repeatedKey(let key): "the key \"\(key)\" occurs twice; keep one."
    case .missing(let key): "the key \"\(key)\" is missing; add it."
    case .unexpected(let key, let expected): "\"\(key)\" has an unexpected value; expected \(expected)."
    case .tooFew(let noun, let found): "there are too few \(noun)s, \(found); expected at least two."
    case .empty(let noun, let position): "\(noun) \(position) (from 0) is empty; give it a text or leave it out."
    case .equal(let noun, let first, let second):
      "\(noun)s \(first) and \(second) (from 0) are equal; a choice between them has no meaning."
    case .noOption(let key, let options):
      "\"\(key)\" is not one of the options; expected a position from 0 to \(options - 1) or an option's exact text."
    case .sameOption(let first, let second): "\"\(first)\" and \"\(second)\" name the same option; expected two."
    case .ambiguousWithAnotherAnswer:
      "the context is ambiguous, so the answer must be the unknown option; found another."
    case .repeatedIdentifier(let identifier, let firstRow):
      "the identifier \(identifier) is already used in row \(firstRow); give every row its own."
    case .noSlot: "the frame has no slot; mark where the candidates go with _ or {slot}."
    case .severalSlots(let found):
      "the frame has \(found) slots; expected one. Where it holds other underscores, mark the slot with {slot}."
    case .nothingBeforeSlot: "there is no text before the slot; candidates are scored given the text before it."
    }
  }
}

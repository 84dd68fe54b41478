internal import Foundation
internal import Support

/// One row of a JSON Lines file: an object, and where it stands.
struct JSONRow {
  let file: String
  /// Counted from 1, empty lines included.
  let row: Int
  let value: JSONValue

  func error(_ problem: RowError.Problem) -> RowError { RowError(file: file, row: row, problem: problem) }

  /// The value of a key; nil where it is missing or null.
  subscript(key: String) -> JSONValue? { value[key] }

  /// A key's text; nil where it is missing or null.
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
  /// The value as tags: a list's texts, those between ";" of a text, or one tag of anything else that is simple; nil for objects and other lists.
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

import Foundation

/// One row of a JSON Lines file: an object, and where it stands.
struct JSONRow {
  let file: String
  /// Counted from 1, empty lines included.
  let row: Int
  let values: [String: JSONValue]

  func error(_ problem: RowError.Problem) -> RowError { RowError(file: file, row: row, problem: problem) }

  /// The value of a key; nil where it is missing or null.
  subscript(key: String) -> JSONValue? {
    guard let value = values[key], value != .null else { return nil }
    return value
  }

  /// A key's text; nil where it is missing or null.
  func optionalText(_ key: String) throws(RowError) -> String? {
    guard let value = self[key] else { return nil }
    guard case .string(let text) = value else { throw error(.unexpected(key: key, expected: "a text")) }
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
    for (key, value) in values.sorted(by: { $0.key < $1.key }) where !known.contains(key) {
      guard let tags = value.tags else {
        throw error(.unexpected(key: key, expected: "a text, a number, true, false or a list of texts"))
      }
      if !tags.isEmpty { attributes[key] = tags }
    }
    return attributes
  }

  /// A row's identifier: the value of "id", or else "row 3".
  func identifier() throws(RowError) -> String {
    switch self["id"] {
    case nil: "row \(row)"
    case .string(let text) where !text.isBlank: text
    case .integer(let number): "\(number)"
    default: throw error(.unexpected(key: "id", expected: "a text or a whole number"))
    }
  }

  /// What `body` returns; a problem becomes an error that names this row.
  func naming<Value>(_ body: () throws(RowError.Problem) -> Value) throws(RowError) -> Value {
    do { return try body() } catch { throw self.error(error) }
  }
}

extension String {
  var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
  var isBlank: Bool { trimmed.isEmpty }
}

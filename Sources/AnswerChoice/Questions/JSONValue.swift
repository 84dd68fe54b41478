import Foundation

/// A value of JSON whose kind is not known beforehand.
enum JSONValue: Decodable, Equatable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// The texts of a list of strings; nil for anything else.
  var strings: [String]? {
    guard case .array(let values) = self else { return nil }
    var strings: [String] = []
    for value in values {
      guard case .string(let text) = value else { return nil }
      strings.append(text)
    }
    return strings
  }

  /// The value as tags: a list's texts, or one tag of anything simple; nil for objects and other lists.
  var tags: [String]? {
    switch self {
    case .null: []
    case .boolean(let value): ["\(value)"]
    case .integer(let value): ["\(value)"]
    case .number(let value): ["\(value)"]
    case .string(let value): [value]
    case .array: strings
    case .object: nil
    }
  }
}

/// A JSON value whose objects keep every member, in the text's order, and whose numbers keep their spelling.
///
/// Foundation's decoders make dictionaries of objects, and in a Swift dictionary two keys that are canonically
/// equivalent, such as "é" composed and decomposed, are one; they report neither a repeated key nor how a number is
/// written.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  /// As it is spelled.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([(key: String, value: JSONValue)])

  /// The last member of that name, as Python's and Rust's readers take it; nil for null and for anything but an object.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self,
      let member = members.last(where: { $0.key.utf8.elementsEqual(key.utf8) })
    else { return nil }
    if case .null = member.value { return nil }
    return member.value
  }

  /// Whether the object has the member, if only as null.
  package func holds(_ key: String) -> Bool {
    guard case .object(let members) = self else { return false }
    return members.contains { $0.key.utf8.elementsEqual(key.utf8) }
  }

  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  package var members: [(key: String, value: JSONValue)]? { if case .object(let value) = self { value } else { nil } }

  /// The texts of a list of strings; nil for anything else.
  package var strings: [String]? {
    guard let array else { return nil }
    let strings = array.compactMap(\.string)
    return strings.count == array.count ? strings : nil
  }

  /// A whole number that fits 32 bits, as token ids are.
  package var integer: Int? {
    guard case .number(let spelling) = self else { return nil }
    return Int32(spelling).map(Int.init) ?? Double(spelling).flatMap { Int32(exactly: $0) }.map(Int.init)
  }

  /// The value in a few words, for errors.
  package var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let spelling): spelling
    case .string(let value): "\"\(value.prefix(100))\""
    case .array(let values): "an array of \(values.count)"
    case .object(let members):
      if let type = self["type"]?.string { "of the type \(type)" } else { "an object of \(members.count)" }
    }
  }
}

/// A JSON value whose objects keep every member, in the file's order. Foundation's decoders make dictionaries of
/// objects, and in a Swift dictionary two vocabulary entries that are canonically equivalent, such as "é" composed
/// and decomposed, are one.
enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([(key: String, value: JSONValue)])

  /// The last member of that name, as Python's and Rust's readers take it; nil for null and for anything but an object.
  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self,
      let member = members.last(where: { $0.key.utf8.elementsEqual(key.utf8) })
    else { return nil }
    if case .null = member.value { return nil }
    return member.value
  }

  /// Whether the object has the member, if only as null.
  func holds(_ key: String) -> Bool {
    guard case .object(let members) = self else { return false }
    return members.contains { $0.key.utf8.elementsEqual(key.utf8) }
  }

  var string: String? { if case .string(let value) = self { value } else { nil } }
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  var members: [(key: String, value: JSONValue)]? { if case .object(let value) = self { value } else { nil } }

  /// A whole number that fits 32 bits, as token ids are.
  var integer: Int? {
    if case .number(let value) = self, let whole = Int32(exactly: value) { Int(whole) } else { nil }
  }

  /// The value in a few words, for errors.
  var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value.prefix(100))\""
    case .array(let values): "an array of \(values.count)"
    case .object(let members):
      if let type = self["type"]?.string { "of the type \(type)" } else { "an object of \(members.count)" }
    }
  }
}

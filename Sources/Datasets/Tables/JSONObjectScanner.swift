/// Walks through the JSON object (RFC 8259) on one line, key by key.
///
/// Foundation's decoders keep neither a number's spelling nor a key that stands twice, hence a scanner here.
struct JSONObjectScanner {
  enum Value {
    case null
    /// A string, or the spelling of a number or boolean.
    case text(String)
    /// An array of strings.
    case tags([String])
    /// An object or another array; in words, for errors.
    case nested(String)
  }

  enum Failure: Error {
    /// The line departs from JSON's grammar at a byte, counted from one.
    case expected(String, byte: Int)
    case problem(JSONLinesError.Problem)
  }

  /// Nested deeper than any table's values, and shallow enough for the stack.
  private static let deepest = 100

  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private var depth = 0
  private var hasMembers = false

  init(_ line: ArraySlice<UInt8>) {
    bytes = line
    position = line.startIndex
  }

  /// Whether the line holds nothing but white space.
  var isBlank: Bool { bytes.allSatisfy(Self.isWhitespace) }

  /// Steps into the object.
  mutating func begin() throws(Failure) {
    if take("{") { return }
    let isString = current == UInt8(ascii: "\"")
    switch try value() {
    case .text(let text): throw .problem(.notAnObject(found: isString ? "a string" : text))
    case .null: throw .problem(.notAnObject(found: "null"))
    case .tags, .nested: throw .problem(.notAnObject(found: "an array"))
    }
  }

  /// The next member's key, with its value to be read next; nil at the end of the object.
  mutating func nextKey() throws(Failure) -> String? {
    if hasMembers {
      if take("}") { return nil }
      guard take(",") else { throw wrong("a comma or the end of the object") }
    } else if take("}") {
      return nil
    }
    hasMembers = true
    return try key()
  }

  /// Throws unless the object was all that the line holds.
  mutating func end() throws(Failure) {
    skipWhitespace()
    guard position == bytes.endIndex else { throw wrong("the end of the line after the object") }
  }

  mutating func value() throws(Failure) -> Value {
    skipWhitespace()
    switch current {
    case UInt8(ascii: "{"):
      try skipObject()
      return .nested("an object")
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .text(try JSONStringScanner.string(in: bytes, at: &position))
    case UInt8(ascii: "t"): return .text(try word("true"))
    case UInt8(ascii: "f"): return .text(try word("false"))
    case UInt8(ascii: "n"):
      _ = try word("null")
      return .null
    default: return .text(try number())
    }
  }

  private mutating func key() throws(Failure) -> String {
    skipWhitespace()
    guard current == UInt8(ascii: "\"") else { throw wrong("a key in quotes") }
    let key = try JSONStringScanner.string(in: bytes, at: &position)
    guard take(":") else { throw wrong("a colon after the key") }
    return key
  }

  private mutating func skipObject() throws(Failure) {
    try descend()
    defer { depth -= 1 }
    if take("}") { return }
    repeat {
      _ = try key()
      _ = try value()
    } while take(",")
    guard take("}") else { throw wrong("a comma or the end of the object") }
  }

  private mutating func array() throws(Failure) -> Value {
    try descend()
    defer { depth -= 1 }
    if take("]") { return .tags([]) }
    var tags: [String] = []
    var holdsOnlyStrings = true
    repeat {
      skipWhitespace()
      let isString = current == UInt8(ascii: "\"")
      let element = try value()
      if isString, case .text(let tag) = element { tags.append(tag) } else { holdsOnlyStrings = false }
    } while take(",")
    guard take("]") else { throw wrong("a comma or the end of the array") }
    return holdsOnlyStrings ? .tags(tags) : .nested("an array of something else than strings")
  }

  private mutating func descend() throws(Failure) {
    depth += 1
    guard depth <= Self.deepest else { throw wrong("at most \(Self.deepest) nested values") }
    position += 1
  }

  private mutating func word(_ word: String) throws(Failure) -> String {
    guard bytes[position...].starts(with: word.utf8) else { throw wrong("a value") }
    position += word.utf8.count
    return word
  }

  /// The number's own spelling: an optional minus, digits without a leading zero, a fraction, an exponent.
  private mutating func number() throws(Failure) -> String {
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    if current == UInt8(ascii: "0") {
      position += 1
    } else {
      try digits(orElse: position == start ? "a value" : "a digit")
    }
    if current == UInt8(ascii: ".") {
      position += 1
      try digits(orElse: "a digit")
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      try digits(orElse: "a digit")
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits(orElse expected: String) throws(Failure) {
    let start = position
    while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    if position == start { throw wrong(expected) }
  }

  private var current: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipWhitespace()
    guard current == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipWhitespace() {
    while let byte = current, Self.isWhitespace(byte) { position += 1 }
  }

  private static func isWhitespace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
  }

  private func wrong(_ expected: String) -> Failure { .expected(expected, byte: position - bytes.startIndex + 1) }
}

/// Parses JSON (RFC 8259) in UTF-8 into `JSONValue`s.
package struct JSONParser {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private var depth = 0

  /// Deeper than any file that is read here, and shallow enough for the stack.
  private static let deepest = 100

  /// - Throws: `JSONError` if the bytes are not one JSON value.
  package static func parse(_ bytes: ArraySlice<UInt8>) throws(JSONError) -> JSONValue {
    var parser = JSONParser(bytes: bytes)
    let value = try parser.value()
    parser.skipWhitespace()
    guard parser.position == bytes.endIndex else { throw parser.wrong("nothing after the value") }
    return value
  }

  /// Whether the bytes hold nothing but white space.
  package static func isBlank(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.allSatisfy(isWhitespace) }

  private init(bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  private func wrong(_ expected: String) -> JSONError {
    JSONError(expected: expected, offset: position - bytes.startIndex)
  }

  private var current: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  private static func isWhitespace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  private mutating func skipWhitespace() {
    while let byte = current, Self.isWhitespace(byte) { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipWhitespace()
    guard current == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    skipWhitespace()
    switch current {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    guard bytes[position...].starts(with: word.utf8) else { throw wrong("a value") }
    position += word.utf8.count
    return value
  }

  private mutating func descend() throws(JSONError) {
    depth += 1
    guard depth <= Self.deepest else { throw wrong("at most \(Self.deepest) nested values") }
    position += 1
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    try descend()
    defer { depth -= 1 }
    var members: [(key: String, value: JSONValue)] = []
    if take("}") { return .object(members) }
    repeat {
      skipWhitespace()
      guard current == UInt8(ascii: "\"") else { throw wrong("a key in quotes") }
      let key = try string()
      guard take(":") else { throw wrong("a colon after the key") }
      members.append((key, try value()))
    } while take(",")
    guard take("}") else { throw wrong("a comma or the end of the object") }
    return .object(members)
  }

  private mutating func array() throws(JSONError) -> JSONValue {
    try descend()
    defer { depth -= 1 }
    var values: [JSONValue] = []
    if take("]") { return .array(values) }
    repeat { values.append(try value()) } while take(",")
    guard take("]") else { throw wrong("a comma or the end of the array") }
    return .array(values)
  }

  /// The number's own spelling: an optional minus, digits without a leading zero, a fraction, an exponent.
  private mutating func number() throws(JSONError) -> String {
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

  private mutating func digits(orElse expected: String) throws(JSONError) {
    let start = position
    while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    if position == start { throw wrong(expected) }
  }

  /// The string whose opening quote is current.
  private mutating func string() throws(JSONError) -> String {
    position += 1
    var start = position
    // Empty as long as no escape was met: most strings are one slice of the text.
    var unescaped: [UInt8] = []
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        let rest = bytes[start..<position]
        let text =
          unescaped.isEmpty
          ? String(validating: rest, as: UTF8.self) : String(validating: unescaped + rest, as: UTF8.self)
        guard let text else { throw wrong("UTF-8 in the string before") }
        position += 1
        return text
      case UInt8(ascii: "\\"):
        unescaped += bytes[start..<position]
        unescaped += try escape()
        start = position
      case 0..<0x20: throw wrong("an escape instead of a control character")
      default: position += 1
      }
    }
    throw wrong("the closing quote of a string")
  }

  /// What an escape stands for, in UTF-8; the backslash is current.
  private mutating func escape() throws(JSONError) -> [UInt8] {
    position += 1
    guard let byte = current else { throw wrong("the rest of an escape") }
    let meant: UInt8
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): meant = byte
    case UInt8(ascii: "b"): meant = 0x08
    case UInt8(ascii: "f"): meant = 0x0C
    case UInt8(ascii: "n"): meant = 0x0A
    case UInt8(ascii: "r"): meant = 0x0D
    case UInt8(ascii: "t"): meant = 0x09
    case UInt8(ascii: "u"): return Array(String(try escapedScalar()).utf8)
    default: throw wrong("one of \" \\ / b f n r t u after a backslash")
    }
    position += 1
    return [meant]
  }

  /// The scalar of `\uXXXX`, or of two such surrogates; the u is current.
  private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    let half = "the second half of a surrogate pair (\\uDC00 to \\uDFFF)"
    guard first < 0xDC00, bytes[position...].starts(with: "\\u".utf8) else { throw wrong(half) }
    position += 1
    let second = try codeUnit()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00))
    else { throw wrong(half) }
    return scalar
  }

  private mutating func codeUnit() throws(JSONError) -> UInt16 {
    position += 1
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw wrong("four hexadecimal digits")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }
}

/// Why some bytes are no JSON.
package struct JSONError: Error, Hashable {
  package let expected: String
  /// In bytes from the start of the text.
  package let offset: Int
}

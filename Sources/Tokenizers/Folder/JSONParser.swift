/// Parses JSON (RFC 8259) into `JSONValue`s.
struct JSONParser {
  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  /// Nested deeper than any tokenizer file, and shallow enough for the stack.
  private static let deepest = 100

  static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    var parser = JSONParser(bytes: bytes)
    let value = try parser.value()
    parser.skipWhitespace()
    guard parser.position == bytes.count else { throw parser.wrong("the end of the file") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func wrong(_ expected: String) -> JSONError { JSONError(expected: expected, offset: position) }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipWhitespace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: Character) -> Bool {
    skipWhitespace()
    guard current == byte.asciiValue else { return false }
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

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    let expected = word.withUTF8Buffer { Array($0) }
    guard bytes[position...].starts(with: expected) else { throw wrong("a JSON value") }
    position += expected.count
    return value
  }

  private mutating func descend() throws(JSONError) {
    position += 1
    depth += 1
    if depth > Self.deepest { throw wrong("at most \(Self.deepest) nested values") }
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    try descend()
    defer { depth -= 1 }
    var members: [(key: String, value: JSONValue)] = []
    if take("}") { return .object(members) }
    repeat {
      skipWhitespace()
      let key = try string()
      guard take(":") else { throw wrong("a colon") }
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

  private mutating func number() throws(JSONError) -> Double {
    let start = position
    while let byte = current, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
    guard start < position, let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      position = start
      throw wrong("a JSON value")
    }
    return value
  }

  private mutating func string() throws(JSONError) -> String {
    guard current == UInt8(ascii: "\"") else { throw wrong("a string") }
    position += 1
    var text: [UInt8] = []
    while let byte = current {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw wrong("UTF-8 in the string before") }
        return string
      case UInt8(ascii: "\\"): text += try escape()
      case 0..<0x20: throw wrong("an escape instead of a control character")
      default: text.append(byte)
      }
    }
    throw wrong("the end of a string")
  }

  private mutating func escape() throws(JSONError) -> [UInt8] {
    guard let byte = current else { throw wrong("an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return Array(String(try escapedScalar()).utf8)
    default: throw wrong("an escape")
    }
  }

  /// The scalar of `\uXXXX` or of two such surrogates; the backslash and the u are read already.
  private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, current == UInt8(ascii: "\\") else { throw wrong("the second half of a surrogate pair") }
    position += 1
    guard current == UInt8(ascii: "u") else { throw wrong("the second half of a surrogate pair") }
    position += 1
    let second = try codeUnit()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00))
    else { throw wrong("the second half of a surrogate pair") }
    return scalar
  }

  private mutating func codeUnit() throws(JSONError) -> UInt16 {
    let digits = bytes[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw wrong("four hexadecimal digits") }
    position += 4
    return unit
  }
}

/// Why some bytes are no JSON.
struct JSONError: Error {
  let expected: String
  /// In bytes from the start of the file.
  let offset: Int
}

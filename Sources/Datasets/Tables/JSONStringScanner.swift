/// Reads JSON strings: their escapes resolved, their UTF-8 checked.
enum JSONStringScanner {
  typealias Failure = JSONObjectScanner.Failure

  /// The string whose opening quote is at `position`, which ends behind the closing one.
  static func string(in bytes: ArraySlice<UInt8>, at position: inout Int) throws(Failure) -> String {
    position += 1
    var start = position
    // Empty as long as no escape was met: most strings are one slice of the line.
    var unescaped: [UInt8] = []
    while position < bytes.endIndex {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        let rest = bytes[start..<position]
        position += 1
        let text =
          unescaped.isEmpty
          ? String(validating: rest, as: UTF8.self) : String(validating: unescaped + rest, as: UTF8.self)
        guard let text else { throw .problem(.invalidUTF8) }
        return text
      case UInt8(ascii: "\\"):
        unescaped += bytes[start..<position]
        unescaped += try escape(in: bytes, at: &position)
        start = position
      case 0..<0x20: throw wrong("an escape instead of a control character", bytes, position)
      default: position += 1
      }
    }
    throw wrong("the closing quote of a string", bytes, position)
  }

  /// What an escape stands for, in UTF-8.
  private static func escape(in bytes: ArraySlice<UInt8>, at position: inout Int) throws(Failure) -> [UInt8] {
    position += 1
    guard position < bytes.endIndex else { throw wrong("the rest of an escape", bytes, position) }
    let byte = bytes[position]
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): break
    case UInt8(ascii: "b"): return step(&position, 0x08)
    case UInt8(ascii: "f"): return step(&position, 0x0C)
    case UInt8(ascii: "n"): return step(&position, 0x0A)
    case UInt8(ascii: "r"): return step(&position, 0x0D)
    case UInt8(ascii: "t"): return step(&position, 0x09)
    case UInt8(ascii: "u"): return Array(String(try scalar(in: bytes, at: &position)).utf8)
    default: throw wrong("one of \" \\ / b f n r t u after a backslash", bytes, position)
    }
    return step(&position, byte)
  }

  private static func step(_ position: inout Int, _ byte: UInt8) -> [UInt8] {
    position += 1
    return [byte]
  }

  /// The scalar of `\uXXXX`, or of two such surrogates; `position` is at the u.
  private static func scalar(in bytes: ArraySlice<UInt8>, at position: inout Int) throws(Failure) -> Unicode.Scalar {
    let first = try codeUnit(in: bytes, at: &position)
    if let scalar = Unicode.Scalar(first) { return scalar }
    let half = "the second half of a surrogate pair (\\uDC00 to \\uDFFF)"
    guard first < 0xDC00, bytes[position...].starts(with: "\\u".utf8) else { throw wrong(half, bytes, position) }
    position += 1
    let second = try codeUnit(in: bytes, at: &position)
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00))
    else { throw wrong(half, bytes, position) }
    return scalar
  }

  private static func codeUnit(in bytes: ArraySlice<UInt8>, at position: inout Int) throws(Failure) -> UInt16 {
    position += 1
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard position < bytes.endIndex, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
        throw wrong("four hexadecimal digits", bytes, position)
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }

  private static func wrong(_ expected: String, _ bytes: ArraySlice<UInt8>, _ position: Int) -> Failure {
    .expected(expected, byte: position - bytes.startIndex + 1)
  }
}

/// Reads the one JSON shape that a safetensors header may have, token by token, so that nothing in a file can make it
/// recurse, overflow or take the later of two equal keys in silence.
struct HeaderReader {
  private let bytes: UnsafeRawBufferPointer
  private let file: String
  private(set) var position = 0

  init(bytes: UnsafeRawBufferPointer, file: String) {
    self.bytes = bytes
    self.file = file
  }

  /// The next byte that is not white space, not consumed.
  mutating func peek() -> UInt8? {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    return position < bytes.count ? bytes[position] : nil
  }

  mutating func expect(_ character: Character) throws(SafetensorsError) {
    guard let found = peek(), found == character.asciiValue else { throw malformed("\"\(character)\"") }
    position += 1
  }

  /// Consumes `character` if it is next.
  mutating func skip(_ character: Character) -> Bool {
    guard let found = peek(), found == character.asciiValue else { return false }
    position += 1
    return true
  }

  /// The members of an object: `body` is called after each key and its colon, and reads the value.
  mutating func members(
    _ body: (_ key: String, _ reader: inout HeaderReader) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    try expect("{")
    if skip("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try body(key, &self)
    } while skip(",")
    try expect("}")
  }

  /// A list of numbers that are whole and not negative.
  mutating func wholeNumbers() throws(SafetensorsError) -> [Int] {
    var numbers: [Int] = []
    try expect("[")
    if skip("]") { return numbers }
    repeat {
      numbers.append(try wholeNumber())
    } while skip(",")
    try expect("]")
    return numbers
  }

  private mutating func wholeNumber() throws(SafetensorsError) -> Int {
    let expected = "a whole number from 0 to \(Int.max)"
    guard let first = peek(), (0x30...0x39).contains(first) else { throw malformed(expected) }
    var value = 0
    var digits = 0
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = shifted.addingReportingOverflow(Int(bytes[position] - 0x30))
      if overflow || carry || (digits == 1 && first == 0x30) { throw malformed(expected) }
      value = sum
      digits += 1
      position += 1
    }
    return value
  }

  mutating func string() throws(SafetensorsError) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case 0x22:
        guard let result = String(validating: text, as: UTF8.self) else { throw malformed("text in UTF-8") }
        return result
      case 0x5C: text.append(contentsOf: String(try escaped()).utf8)
      case 0x00..<0x20: throw malformed("no control characters in text")
      default: text.append(byte)
      }
    }
    throw malformed("the end of a text")
  }

  private mutating func escaped() throws(SafetensorsError) -> Unicode.Scalar {
    guard position < bytes.count else { throw malformed("the rest of an escape") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case 0x22: return "\""
    case 0x5C: return "\\"
    case 0x2F: return "/"
    case 0x62: return "\u{8}"
    case 0x66: return "\u{c}"
    case 0x6E: return "\n"
    case 0x72: return "\r"
    case 0x74: return "\t"
    case 0x75:
      let first = try codeUnit()
      if let scalar = Unicode.Scalar(first) { return scalar }
      // A surrogate: its partner must follow at once.
      guard position + 1 < bytes.count, bytes[position] == 0x5C, bytes[position + 1] == 0x75 else {
        throw malformed("the second half of a surrogate pair")
      }
      position += 2
      let second = try codeUnit()
      guard (0xD800..<0xDC00).contains(first), (0xDC00..<0xE000).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00))
      else { throw malformed("a surrogate pair") }
      return scalar
    default: throw malformed("an escape that JSON knows")
    }
  }

  private mutating func codeUnit() throws(SafetensorsError) -> UInt16 {
    guard position + 4 <= bytes.count else { throw malformed("four hexadecimal digits") }
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue, bytes[position] < 0x80 else {
        throw malformed("four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }

  func malformed(_ expected: String) -> SafetensorsError {
    SafetensorsError(file: file, problem: .malformedHeader(byte: position, expected: expected))
  }
}

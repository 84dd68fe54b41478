extension JSONValue {
  /// The canonical form in UTF-8: keys sorted by their bytes, two spaces a level, lists of plain values on one line,
  /// numbers as they are spelled, and a line feed at the end.
  package var canonicalBytes: [UInt8] {
    var writer = JSONWriter()
    writer.write(self, level: 0)
    writer.bytes.append(UInt8(ascii: "\n"))
    return writer.bytes
  }

  fileprivate var isPlain: Bool {
    switch self {
    case .null, .bool, .number, .string: true
    case .array(let values): values.isEmpty
    case .object(let members): members.isEmpty
    }
  }
}

private struct JSONWriter {
  var bytes: [UInt8] = []

  mutating func write(_ value: JSONValue, level: Int) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .number(let spelling): append(spelling)
    case .string(let text): write(text)
    case .array(let values): write(values, level: level)
    case .object(let members): write(members, level: level)
    }
  }

  private mutating func write(_ values: [JSONValue], level: Int) {
    let isOneLine = values.allSatisfy(\.isPlain)
    append("[")
    for (index, value) in values.enumerated() {
      if index > 0 { append(isOneLine ? ", " : ",") }
      if !isOneLine { startLine(level: level + 1) }
      write(value, level: level + 1)
    }
    if !isOneLine { startLine(level: level) }
    append("]")
  }

  private mutating func write(_ members: [(key: String, value: JSONValue)], level: Int) {
    guard !members.isEmpty else { return append("{}") }
    append("{")
    let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (index, member) in sorted.enumerated() {
      if index > 0 { append(",") }
      startLine(level: level + 1)
      write(member.key)
      append(": ")
      write(member.value, level: level + 1)
    }
    startLine(level: level)
    append("}")
  }

  private mutating func write(_ text: String) {
    append("\"")
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\\"): append("\\\\")
      case 0x08: append("\\b")
      case 0x09: append("\\t")
      case 0x0A: append("\\n")
      case 0x0C: append("\\f")
      case 0x0D: append("\\r")
      case 0..<0x20: append("\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16))
      default: bytes.append(byte)
      }
    }
    append("\"")
  }

  private mutating func startLine(level: Int) {
    append("\n")
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
  }

  private mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }
}

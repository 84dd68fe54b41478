/// Writes tables that `CommaSeparatedValues` reads back unchanged: fields quoted only where they must be, lines ended
/// by LF.
package struct CommaSeparatedValuesWriter: Sendable {
  /// The table so far, in UTF-8.
  package private(set) var bytes: [UInt8] = []

  /// A table with the columns `header` and no rows yet.
  package init(header: [String]) {
    append(header)
  }

  /// Appends one row; give it as many fields as the header has.
  package mutating func append(_ fields: [String]) {
    for (index, field) in fields.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      // Many readers skip an empty line, so a row of one empty field is written as two quotes.
      append(field, quoted: fields.count == 1 && field.isEmpty || Self.needsQuotes(field))
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func append(_ field: String, quoted: Bool) {
    guard quoted else { return bytes.append(contentsOf: field.utf8) }
    bytes.append(UInt8(ascii: "\""))
    for byte in field.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func needsQuotes(_ field: String) -> Bool {
    field.utf8.contains { byte in
      switch byte {
      case UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"): true
      default: false
      }
    }
  }
}

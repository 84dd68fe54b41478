/// A table of comma-separated values as RFC 4180 defines it, in UTF-8 with or without a byte order mark, its lines
/// ended by LF or CR LF.
///
/// The SwiftCSV package has no line numbers, accepts ragged rows and drops an empty last field, hence a reader here.
package struct CommaSeparatedValues: Hashable, Sendable {
  /// The header is line 1.
  package typealias Row = Table.Row

  /// The file's path, or the name under which the bytes came.
  package let file: String
  /// The columns' names, none of them repeated; empty if a column has none.
  package let header: [String]
  /// At least one row.
  package let rows: [Row]

  /// Reads the file at `path`.
  package init(file path: String) throws(TableError) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileBytes.read(path)
    } catch {
      throw TableError(file: path, line: nil, problem: .unreadable(reason: error.reason))
    }
    try self.init(bytes: bytes, name: path)
  }

  /// Reads `bytes`; `name` is what errors call them.
  package init(bytes: [UInt8], name: String) throws(TableError) {
    var scanner = RowScanner(bytes: bytes, file: name)
    guard let first = try scanner.next() else {
      throw TableError(file: name, line: nil, problem: .noRows)
    }
    try Self.check(header: first, file: name)
    var rows: [Row] = []
    while let row = try scanner.next(expecting: first.fields.count) { rows.append(row) }
    guard !rows.isEmpty else { throw TableError(file: name, line: nil, problem: .noRows) }
    file = name
    header = first.fields
    self.rows = rows
  }

  /// The position of the column called `name`.
  package func column(_ name: String) -> Int? { header.firstIndex(of: name) }

  private static func check(header: Row, file: String) throws(TableError) {
    var seen: Set<String> = []
    // A column without a name, as tables are saved with the numbers of their rows, exists but cannot be selected.
    for name in header.fields where !name.isEmpty {
      guard seen.insert(name).inserted else {
        throw TableError(file: file, line: header.line, problem: .duplicateColumnName(name: name))
      }
    }
  }
}

/// Cuts bytes into rows; works on bytes because every separator is ASCII, which no multi-byte character contains.
private struct RowScanner {
  private static let comma = UInt8(ascii: ",")
  private static let quote = UInt8(ascii: "\"")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  private let bytes: [UInt8]
  private let file: String
  private var position: Int
  private var line = 1

  init(bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
    position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  /// The next row, or nil at the end; a row of another number of fields than `expecting` is an error.
  mutating func next(expecting: Int? = nil) throws(TableError) -> CommaSeparatedValues.Row? {
    guard position < bytes.count else { return nil }
    // With a single column an empty line is a row. With several it is not, and harmless at the end.
    if let expecting, expecting > 1, isBlankToTheEnd { return nil }
    let start = line
    var fields: [String] = []
    if let expecting { fields.reserveCapacity(expecting) }
    repeat { fields.append(try field()) } while try !endsRow()
    if let expecting, fields.count != expecting {
      throw error(.raggedRow(expected: expecting, found: fields.count), line: start)
    }
    return CommaSeparatedValues.Row(line: start, fields: fields)
  }

  private var isBlankToTheEnd: Bool {
    bytes[position...].allSatisfy { $0 == Self.lineFeed || $0 == Self.carriageReturn }
  }

  /// Steps over what follows a field: true at the end of a row or of the file, false at a comma.
  private mutating func endsRow() throws(TableError) -> Bool {
    guard position < bytes.count else { return true }
    let byte = bytes[position]
    position += 1
    switch byte {
    case Self.comma:
      return false
    case Self.lineFeed:
      line += 1
      return true
    case Self.carriageReturn:
      guard position < bytes.count, bytes[position] == Self.lineFeed else { throw error(.bareCarriageReturn) }
      position += 1
      line += 1
      return true
    default:
      throw error(.textAfterClosingQuote)
    }
  }

  private mutating func field() throws(TableError) -> String {
    if position < bytes.count, bytes[position] == Self.quote { return try quotedField() }
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == Self.comma || byte == Self.lineFeed || byte == Self.carriageReturn { break }
      if byte == Self.quote { throw error(.quoteInsideField) }
      position += 1
    }
    return try text(bytes[start..<position], line: line)
  }

  private mutating func quotedField() throws(TableError) -> String {
    let opening = line
    var content: [UInt8] = []
    position += 1
    var start = position
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == Self.lineFeed { line += 1 }
      guard byte == Self.quote else { continue }
      content.append(contentsOf: bytes[start..<position - 1])
      guard position < bytes.count, bytes[position] == Self.quote else { return try text(content[...], line: opening) }
      // The second of a doubled quote is the first byte of what follows.
      start = position
      position += 1
    }
    throw error(.unterminatedQuote, line: opening)
  }

  private func text(_ slice: ArraySlice<UInt8>, line: Int) throws(TableError) -> String {
    if let text = String(validating: slice, as: UTF8.self) { return text }
    // A quoted field may span lines: name the first that is wrong on its own.
    let parts = slice.split(separator: Self.lineFeed, omittingEmptySubsequences: false)
    let wrong = parts.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
    throw error(.invalidUTF8, line: line + wrong)
  }

  private func error(_ problem: TableError.Problem, line: Int? = nil) -> TableError {
    TableError(file: file, line: line ?? self.line, problem: problem)
  }
}

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

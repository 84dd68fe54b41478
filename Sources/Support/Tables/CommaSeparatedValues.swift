/// A table of comma-separated values as RFC 4180 defines it, in UTF-8 with or without a byte order mark, its lines
/// ended by LF or CR LF; or of the same form with semicolons or tabs instead of commas, as spreadsheets write it.
///
/// The header tells which: the separator is what stands in it outside quotes. Where several do, the one with which every
/// row has as many fields as the header is meant; where that holds of several too, the table is refused.
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
  package let separator: Separator
  /// The positions of columns whose numbers are written with a decimal comma in the file; they have a point here.
  ///
  /// Only a table without commas as separators has such columns: those whose cells are all numbers or empty, with a comma
  /// in one of them at least.
  package let decimalCommaColumns: Set<Int>

  /// What stands between two fields.
  package enum Separator: UInt8, CaseIterable, Sendable {
    case comma = 0x2C
    case semicolon = 0x3B
    case tab = 0x09

    /// "commas"
    package var name: String {
      switch self {
      case .comma: "commas"
      case .semicolon: "semicolons"
      case .tab: "tabs"
      }
    }
  }

  /// How the table was read, in a sentence; nil if it is separated by commas.
  package var note: String? {
    guard separator != .comma else { return nil }
    let columns = decimalCommaColumns.sorted().map { header[$0] }
    let shown = columns.count > 4 ? columns.prefix(3) + ["\(columns.count - 3) others"] : columns[...]
    // Without folders, for outputs do not depend on where files lie.
    let name = file.split(separator: "/").last.map(String.init) ?? file
    return "\(name) is read as separated by \(separator.name)"
      + (columns.isEmpty ? "." : ", with decimal commas in \(shown.joined(separator: ", ")).")
  }

  /// Of some columns of numbers, the first cell with a decimal point where others of them have decimal commas.
  package func firstMixedDecimal(in columns: [Int]) -> (line: Int, column: String, commas: String)? {
    guard let commas = columns.first(where: decimalCommaColumns.contains) else { return nil }
    let others = columns.filter { !decimalCommaColumns.contains($0) }
    for row in rows {
      if let found = others.first(where: { row.fields[$0].utf8.contains(UInt8(ascii: ".")) }) {
        return (row.line, header[found], header[commas])
      }
    }
    return nil
  }

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
    let candidates = RowScanner.separators(ofHeaderIn: bytes)
    let viable =
      candidates.count < 2
      ? candidates
      : candidates.filter { candidate in
        ((try? Self.parse(bytes: bytes, name: name, separator: candidate))?.header.fields.count ?? 0) > 1
      }
    guard viable.count < 2 else {
      throw TableError(file: name, line: 1, problem: .ambiguousSeparator(viable.map(\.name)))
    }
    let separator = viable.first ?? candidates.first ?? .comma
    let parsed = try Self.parse(bytes: bytes, name: name, separator: separator)
    file = name
    header = parsed.header.fields
    self.separator = separator
    let columns = separator == .comma ? [] : Self.decimalCommaColumns(parsed.rows, count: header.count)
    decimalCommaColumns = columns
    rows =
      columns.isEmpty
      ? parsed.rows
      : parsed.rows.map { row in
        Row(
          line: row.line,
          fields: row.fields.enumerated().map {
            columns.contains($0) ? String($1.map { $0 == "," ? "." : $0 }) : $1
          })
      }
  }

  private static func parse(
    bytes: [UInt8], name: String, separator: Separator
  ) throws(TableError) -> (header: Row, rows: [Row]) {
    var scanner = RowScanner(bytes: bytes, file: name, separator: separator)
    guard let first = try scanner.next() else {
      throw TableError(file: name, line: nil, problem: .noRows)
    }
    try check(header: first, file: name)
    var rows: [Row] = []
    while let row = try scanner.next(expecting: first.fields.count) { rows.append(row) }
    guard !rows.isEmpty else { throw TableError(file: name, line: nil, problem: .noRows) }
    return (first, rows)
  }

  private static func decimalCommaColumns(_ rows: [Row], count: Int) -> Set<Int> {
    var hasComma = [Bool](repeating: false, count: count)
    var isNumeric = [Bool](repeating: true, count: count)
    for row in rows {
      for (column, field) in row.fields.enumerated() where isNumeric[column] {
        guard let commas = commas(inNumber: field) else {
          isNumeric[column] = false
          continue
        }
        if commas > 0 { hasComma[column] = true }
      }
    }
    return Set((0..<count).filter { isNumeric[$0] && hasComma[$0] })
  }

  /// How many decimal commas a number has, 0 or 1; 0 for an empty cell, and nil for what is no such number.
  private static func commas(inNumber field: String) -> Int? {
    var bytes = field.utf8.drop { $0 == UInt8(ascii: " ") }
    while bytes.last == UInt8(ascii: " ") { bytes = bytes.dropLast() }
    guard !bytes.isEmpty else { return 0 }
    func isSign(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") }
    func takeDigits() -> Int {
      let rest = bytes.drop { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      defer { bytes = rest }
      return bytes.count - rest.count
    }
    if isSign(bytes.first) { bytes = bytes.dropFirst() }
    guard takeDigits() > 0 else { return nil }
    var commas = 0
    if bytes.first == UInt8(ascii: ",") {
      bytes = bytes.dropFirst()
      commas = 1
      guard takeDigits() > 0 else { return nil }
    }
    if bytes.first == UInt8(ascii: "e") || bytes.first == UInt8(ascii: "E") {
      bytes = bytes.dropFirst()
      if isSign(bytes.first) { bytes = bytes.dropFirst() }
      guard takeDigits() > 0 else { return nil }
    }
    return bytes.isEmpty ? commas : nil
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
  private static let quote = UInt8(ascii: "\"")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  private let bytes: [UInt8]
  private let file: String
  private let separator: CommaSeparatedValues.Separator
  private var position: Int
  private var line = 1

  init(bytes: [UInt8], file: String, separator: CommaSeparatedValues.Separator) {
    self.bytes = bytes
    self.file = file
    self.separator = separator
    position = Self.start(of: bytes)
  }

  /// Where the header begins.
  private static func start(of bytes: [UInt8]) -> Int { bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0 }

  /// The separators that stand in the first line outside quotes, the most frequent first.
  static func separators(ofHeaderIn bytes: [UInt8]) -> [CommaSeparatedValues.Separator] {
    var counts: [CommaSeparatedValues.Separator: Int] = [:]
    var isQuoted = false
    for byte in bytes[start(of: bytes)...] {
      if byte == quote { isQuoted.toggle() }
      guard !isQuoted else { continue }
      if byte == lineFeed { break }
      if let separator = CommaSeparatedValues.Separator(rawValue: byte) { counts[separator, default: 0] += 1 }
    }
    let found = CommaSeparatedValues.Separator.allCases.filter { counts[$0] != nil }
    return found.sorted { counts[$0, default: 0] > counts[$1, default: 0] }
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
      throw error(.raggedRow(expected: expecting, found: fields.count, separator: separator.name), line: start)
    }
    return CommaSeparatedValues.Row(line: start, fields: fields)
  }

  private var isBlankToTheEnd: Bool {
    bytes[position...].allSatisfy { $0 == Self.lineFeed || $0 == Self.carriageReturn }
  }

  /// Steps over what follows a field: true at the end of a row or of the file, false at a separator.
  private mutating func endsRow() throws(TableError) -> Bool {
    guard position < bytes.count else { return true }
    let byte = bytes[position]
    position += 1
    switch byte {
    case separator.rawValue:
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
      if byte == separator.rawValue || byte == Self.lineFeed || byte == Self.carriageReturn { break }
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

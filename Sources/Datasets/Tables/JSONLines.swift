/// Tables of JSON Lines: every line that is not blank is a JSON object (RFC 8259), in UTF-8 with or without a byte order
/// mark.
///
/// Strings are cells as they are, numbers and booleans in their JSON spelling; null and a key that is absent are empty
/// cells; arrays of strings are tags with `;` between them. The header is all keys in the order in which they first
/// appear.
package enum JSONLines {
  /// The most columns of a table: were every key of a long file another, its rows would need memory by the square.
  package static let columnLimit = 1_024

  /// Reads the file at `path`.
  ///
  /// - Parameter columns: The columns that are asked for; nil for all. What cannot be a cell (an object, any other
  ///   array, a tag with `;`) is an error in these and an empty cell in the others.
  package static func table(file path: String, columns: Set<String>? = nil) throws(JSONLinesError) -> Table {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileBytes.read(path)
    } catch {
      throw JSONLinesError(file: path, line: nil, problem: .unreadable(reason: error.reason))
    }
    return try table(bytes: bytes, name: path, columns: columns)
  }

  /// Reads `bytes`; `name` is what errors call them.
  package static func table(
    bytes: [UInt8], name: String, columns: Set<String>? = nil
  ) throws(JSONLinesError) -> Table {
    var rows = RowCollector(file: name, columns: columns)
    var line = 1
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      try rows.append(bytes[start..<end], line: line)
      start = end + 1
      line += 1
    }
    return try rows.table()
  }
}

/// Rows so far, and the columns that they made known.
private struct RowCollector {
  private let file: String
  private let columns: Set<String>?
  private var header: [String] = []
  private var positions: [String: Int] = [:]
  /// The line on which each column was last seen.
  private var lastLines: [Int] = []
  private var rows: [Table.Row] = []

  init(file: String, columns: Set<String>?) {
    self.file = file
    self.columns = columns
  }

  mutating func append(_ content: ArraySlice<UInt8>, line: Int) throws(JSONLinesError) {
    var scanner = JSONObjectScanner(content)
    guard !scanner.isBlank else { return }
    var fields = Array(repeating: "", count: header.count)
    do throws(JSONObjectScanner.Failure) {
      try scanner.begin()
      while let key = try scanner.nextKey() {
        let column = try position(of: key)
        guard lastLines[column] != line else { throw .problem(.repeatedKey(key: key)) }
        lastLines[column] = line
        let cell = try cell(of: key, try scanner.value())
        if column < fields.count { fields[column] = cell } else { fields.append(cell) }
      }
      try scanner.end()
    } catch {
      throw JSONLinesError(file: file, line: line, problem: problem(error, in: content))
    }
    rows.append(Table.Row(line: line, fields: fields))
  }

  private mutating func position(of key: String) throws(JSONObjectScanner.Failure) -> Int {
    if let position = positions[key] { return position }
    guard !key.isEmpty else { throw .problem(.emptyKey) }
    guard header.count < JSONLines.columnLimit else { throw .problem(.tooManyKeys) }
    positions[key] = header.count
    header.append(key)
    lastLines.append(0)
    return header.count - 1
  }

  private func cell(of key: String, _ value: JSONObjectScanner.Value) throws(JSONObjectScanner.Failure) -> String {
    let isAskedFor = columns?.contains(key) ?? true
    switch value {
    case .null: return ""
    case .text(let text): return text
    case .tags(let tags):
      guard !tags.contains(where: { $0.utf8.contains(UInt8(ascii: ";")) }) else {
        if isAskedFor { throw .problem(.separatorInTag(key: key)) }
        return ""
      }
      return tags.joined(separator: ";")
    case .nested(let found):
      if isAskedFor { throw .problem(.notACell(key: key, found: found)) }
      return ""
    }
  }

  private func problem(
    _ failure: JSONObjectScanner.Failure, in content: ArraySlice<UInt8>
  ) -> JSONLinesError.Problem {
    switch failure {
    case .problem(let problem): problem
    // A file in another encoding is no JSON either, but that is not what its owner has to mend.
    case .expected where String(validating: content, as: UTF8.self) == nil: .invalidUTF8
    case .expected(let expected, let byte): .notJSON(expected: expected, byte: byte)
    }
  }

  func table() throws(JSONLinesError) -> Table {
    guard !rows.isEmpty, !header.isEmpty else { throw JSONLinesError(file: file, line: nil, problem: .noRows) }
    let padded = rows.map { row in
      row.fields.count == header.count
        ? row
        : Table.Row(
          line: row.line, fields: row.fields + Array(repeating: "", count: header.count - row.fields.count))
    }
    return Table(file: file, header: header, rows: padded)
  }
}

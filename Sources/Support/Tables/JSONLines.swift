/// Tables of JSON Lines: every line that is not blank is a JSON object (RFC 8259), in UTF-8 with or without a byte
/// order mark.
///
/// Strings are cells as they are, numbers and booleans in their JSON spelling; null and a key that is absent are empty
/// cells; arrays of strings are tags with `;` between them. The header is all keys in the order in which they first
/// appear.
package enum JSONLines {
  /// The most columns of a table: were every key of a long file another, its rows would need memory by the square.
  package static let columnLimit = 1_024

  /// Reads the file at `path`.
  ///
  /// - Parameter columns: The columns to read; nil for all. A value that cannot be a cell (an object, any other
  ///   array, a tag with `;`) is an error in these and an empty cell in the others.
  package static func table(file path: String, columns: Set<String>? = nil) throws(TableError) -> Table {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileBytes.read(path)
    } catch {
      throw TableError(file: path, line: nil, problem: .unreadable(reason: error.reason))
    }
    return try table(bytes: bytes, name: path, columns: columns)
  }

  /// Whether the first character is that of an object or of an array of objects.
  static func beginsAsJSON(_ bytes: [UInt8]) -> Bool {
    beginning(of: bytes, 1) == Array("{".utf8) || beginning(of: bytes, 2) == Array("[{".utf8)
  }

  /// The first bytes but for blanks and a byte order mark.
  private static func beginning(of bytes: [UInt8], _ count: Int) -> [UInt8] {
    Array(bytes.lazy.filter { ![0xEF, 0xBB, 0xBF, 0x09, 0x0A, 0x0D, 0x20].contains($0) }.prefix(count))
  }

  /// Reads `bytes`; `name` is what errors call them.
  package static func table(
    bytes: [UInt8], name: String, columns: Set<String>? = nil
  ) throws(TableError) -> Table {
    guard beginning(of: bytes, 2) != Array("[{".utf8) else {
      throw TableError(file: name, line: nil, problem: .jsonArray)
    }
    var rows = RowCollector(file: name, columns: columns)
    var reader = Reader(bytes: bytes, name: name)
    while let object = try reader.next() { try rows.append(object.members, line: object.line) }
    return try rows.table()
  }

  /// The objects of a file, one after another; lines that are blank are skipped.
  package struct Reader {
    private let bytes: [UInt8]
    private let name: String
    private var start: Int
    private var line = 0

    /// - Parameter name: What errors call `bytes`.
    package init(bytes: [UInt8], name: String) {
      (self.bytes, self.name) = (bytes, name)
      start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The next object with its physical line, counted from one; nil at the end. A key may occur twice.
    ///
    /// - Throws: `TableError` if a line is not a JSON object in UTF-8.
    package mutating func next() throws(TableError) -> (line: Int, members: [(key: String, value: JSONValue)])? {
      while start < bytes.count {
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let content = bytes[start..<end]
        start = end + 1
        line += 1
        guard !JSONParser.isBlank(content) else { continue }
        let value: JSONValue
        do throws(JSONError) {
          value = try JSONParser.parse(content)
        } catch {
          // A file in another encoding is not JSON either, but its owner must change the encoding, not the JSON.
          let isText = String(validating: content, as: UTF8.self) != nil
          throw TableError(
            file: name, line: line,
            problem: isText ? .notJSON(expected: error.expected, byte: error.offset + 1) : .invalidUTF8)
        }
        guard let members = value.members else {
          throw TableError(file: name, line: line, problem: .notAnObject(found: JSONLines.kind(of: value)))
        }
        return (line, members)
      }
      return nil
    }
  }

  /// In words, for errors.
  fileprivate static func kind(of value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let spelling): spelling
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
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

  mutating func append(_ members: [(key: String, value: JSONValue)], line: Int) throws(TableError) {
    var fields = Array(repeating: "", count: header.count)
    do throws(TableError.Problem) {
      for (key, value) in members {
        let column = try position(of: key)
        guard lastLines[column] != line else { throw .repeatedKey(key: key) }
        lastLines[column] = line
        let cell = try cell(of: key, value)
        if column < fields.count { fields[column] = cell } else { fields.append(cell) }
      }
    } catch {
      throw TableError(file: file, line: line, problem: error)
    }
    rows.append(Table.Row(line: line, fields: fields))
  }

  private mutating func position(of key: String) throws(TableError.Problem) -> Int {
    if let position = positions[key] { return position }
    guard !key.isEmpty else { throw .emptyKey }
    guard header.count < JSONLines.columnLimit else { throw .tooManyKeys }
    positions[key] = header.count
    header.append(key)
    lastLines.append(0)
    return header.count - 1
  }

  private func cell(of key: String, _ value: JSONValue) throws(TableError.Problem) -> String {
    let isAskedFor = columns?.contains(key) ?? true
    switch value {
    case .null: return ""
    case .bool(let value): return "\(value)"
    case .number(let text), .string(let text): return text
    case .array, .object:
      guard let tags = value.strings else {
        let isArray = value.array != nil
        if isAskedFor {
          throw .notACell(
            key: key, found: JSONLines.kind(of: value) + (isArray ? " of something other than strings" : ""))
        }
        return ""
      }
      guard !tags.contains(where: { $0.utf8.contains(UInt8(ascii: ";")) }) else {
        if isAskedFor { throw .separatorInTag(key: key) }
        return ""
      }
      return tags.joined(separator: ";")
    }
  }

  func table() throws(TableError) -> Table {
    guard !rows.isEmpty, !header.isEmpty else { throw TableError(file: file, line: nil, problem: .noObjects) }
    let padded = rows.map { row in
      row.fields.count == header.count
        ? row
        : Table.Row(
          line: row.line, fields: row.fields + Array(repeating: "", count: header.count - row.fields.count))
    }
    return Table(file: file, header: header, rows: padded)
  }
}

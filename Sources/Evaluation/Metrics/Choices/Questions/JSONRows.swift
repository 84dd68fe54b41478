internal import Support

/// The rows of a JSON Lines file. Empty lines are skipped; a byte order mark at the beginning is, too.
enum JSONRows {
  /// - Parameters:
  ///   - file: What the file is called in errors.
  /// - Throws: `RowError` naming the first row that is no object of JSON in UTF-8, or a file without rows.
  static func rows(bytes: some Collection<UInt8>, file: String) throws(RowError) -> [JSONRow] {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let content = bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : Array(bytes)
    var rows: [JSONRow] = []
    for (index, line) in content.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let number = index + 1
      guard !JSONParser.isBlank(line) else { continue }
      guard String(validating: line, as: UTF8.self) != nil else {
        throw RowError(file: file, row: number, problem: .invalidUTF8)
      }
      guard let value = try? JSONParser.parse(line) else {
        throw RowError(file: file, row: number, problem: .invalidJSON)
      }
      guard let members = value.members else {
        throw RowError(file: file, row: number, problem: .notAnObject)
      }
      var keys: Set<String> = []
      if let repeated = members.first(where: { !keys.insert($0.key).inserted }) {
        throw RowError(file: file, row: number, problem: .repeatedKey(repeated.key))
      }
      rows.append(JSONRow(file: file, row: number, value: value))
    }
    guard !rows.isEmpty else { throw RowError(file: file, row: nil, problem: .noRows) }
    return rows
  }

  /// Checks that no two rows have one identifier.
  static func checkIdentifiers(_ rows: [(identifier: String, row: Int)], file: String) throws(RowError) {
    var first: [String: Int] = [:]
    for (identifier, row) in rows {
      if let firstRow = first[identifier] {
        throw RowError(file: file, row: row, problem: .repeatedIdentifier(identifier, firstRow: firstRow))
      }
      first[identifier] = row
    }
  }
}

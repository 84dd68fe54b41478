import Foundation

/// The rows of a JSON Lines file. Empty lines are skipped; a byte order mark at the beginning is, too.
enum JSONRows {
  /// - Parameters:
  ///   - file: What the file is called in errors.
  /// - Throws: `RowError` naming the first row that is no object of JSON in UTF-8, or a file without rows.
  static func rows(bytes: some Collection<UInt8>, file: String) throws(RowError) -> [JSONRow] {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let content = bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : Array(bytes)
    let decoder = JSONDecoder()
    var rows: [JSONRow] = []
    for (index, line) in content.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let number = index + 1
      guard let text = String(validating: line, as: UTF8.self) else {
        throw RowError(file: file, row: number, problem: .invalidUTF8)
      }
      guard !text.isBlank else { continue }
      guard let value = try? decoder.decode(JSONValue.self, from: Data(line)) else {
        throw RowError(file: file, row: number, problem: .invalidJSON)
      }
      guard case .object(let values) = value else {
        throw RowError(file: file, row: number, problem: .notAnObject)
      }
      rows.append(JSONRow(file: file, row: number, values: values))
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

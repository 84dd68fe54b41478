internal import Datasets
internal import Foundation

/// Further columns of a CSV, looked up by item.
struct ItemColumns: Sendable {
  private let table: CommaSeparatedValues
  /// The position of each item's row, the first where there are several.
  private let rows: [String: Int]
  private let folder: String

  /// - Parameter items: all there; `item`, or else `path`, is the column that names the first of them.
  init(_ table: CommaSeparatedValues, items: [String]) throws(MonitoringError) {
    let keys = ["item", "path"].compactMap { table.column($0) }
    let first = items.first ?? ""
    guard let column = keys.first(where: { key in table.rows.contains { $0.fields[key] == first } }) ?? keys.first
    else {
      throw MonitoringError(
        table.file, line: 1,
        "there is no column item, nor path, by which items are found; found: \(table.header.joined(separator: ", "))")
    }
    self.table = table
    rows = Dictionary(table.rows.enumerated().map { ($1.fields[column], $0) }) { first, _ in first }
    folder = table.file.split(separator: "/", omittingEmptySubsequences: false).dropLast().map { $0 + "/" }.joined()
  }

  var file: String { table.file }

  func has(_ column: String) -> Bool { table.column(column) != nil }

  /// The cell and line of every item; nil where the column is missing.
  ///
  /// - Throws: `MonitoringError` for an item without a row.
  func cells(_ name: String, of items: [String]) throws(MonitoringError) -> [(text: String, line: Int)]? {
    guard let column = table.column(name) else { return nil }
    var cells: [(text: String, line: Int)] = []
    cells.reserveCapacity(items.count)
    for item in items {
      guard let row = rows[item].map({ table.rows[$0] }) else {
        throw MonitoringError(table.file, "there is no row of item \(item); expected all items that are predicted")
      }
      cells.append((row.fields[column].trimmingCharacters(in: .whitespaces), row.line))
    }
    return cells
  }

  /// Where every item's image lies: what the column `path` says, else the item's name, from the file's folder.
  func imagePaths(of items: [String]) throws(MonitoringError) -> [String] {
    let paths = try cells("path", of: items)?.map(\.text) ?? items
    return paths.map { $0.hasPrefix("/") ? $0 : folder + $0 }
  }
}

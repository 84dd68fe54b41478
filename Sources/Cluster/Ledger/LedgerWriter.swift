internal import GRDB

/// Writes rows with their seals and keeps the tallies, within one transaction.
final class LedgerWriter {
  private let database: Database
  private var changes: [LedgerTable: (rows: Int64, sum: Int64)] = [:]

  init(_ database: Database) {
    self.database = database
  }

  /// The row with this key; nil where there is none.
  ///
  /// - Throws: `RowError` when it is not what was written.
  func row(of table: LedgerTable, key: [any DatabaseValueConvertible]) throws -> SealedRow? {
    let statement = try database.cachedStatement(sql: table.selection)
    guard let found = try Row.fetchOne(statement, arguments: StatementArguments(key)) else { return nil }
    guard let row = SealedRow(found, of: table), row.isIntact else {
      throw RowError(row: key.map { "\($0)" }.joined(separator: ", "), table: table)
    }
    return row
  }

  /// Adds a row.
  func insert(_ values: [(any DatabaseValueConvertible)?], into table: LedgerTable) throws {
    try insert(values.map { $0?.databaseValue ?? .null }, into: table)
  }

  private func insert(_ values: [DatabaseValue], into table: LedgerTable) throws {
    // SQLite keeps -0.0 as 0.0.
    let values = values.map { if case .double(let number) = $0.storage { (number + 0).databaseValue } else { $0 } }
    let seal = table.seal(of: values)
    try database.cachedStatement(sql: table.insertion)
      .execute(arguments: StatementArguments(values + [seal.databaseValue]))
    count(table, rows: 1, seal: seal)
  }

  /// Adds a row unless there is one with its key.
  func insertIfAbsent(_ values: [(any DatabaseValueConvertible)?], into table: LedgerTable) throws {
    guard try row(of: table, key: key(of: values, in: table)) == nil else { return }
    try insert(values, into: table)
  }

  /// Adds a row, or puts it in the place of the one with its key.
  func put(_ values: [(any DatabaseValueConvertible)?], into table: LedgerTable) throws {
    if let old = try row(of: table, key: key(of: values, in: table)) { try remove(old) }
    try insert(values, into: table)
  }

  /// Changes the row with this key, where there is one.
  func change(
    _ table: LedgerTable, key: [any DatabaseValueConvertible], _ body: (inout [DatabaseValue]) -> Void
  ) throws {
    guard let old = try row(of: table, key: key) else { return }
    var values = old.values
    body(&values)
    try remove(old)
    try insert(values, into: table)
  }

  /// Writes the tallies.
  func finish() throws {
    for (table, change) in changes {
      let found = try Row.fetchOne(
        database.cachedStatement(sql: "SELECT rows, sum FROM tallies WHERE name = ?"), arguments: [table.rawValue])
      let rows = try found?.decode(Int64.self, atIndex: 0) ?? 0
      let sum = try found?.decode(Int64.self, atIndex: 1) ?? 0
      try database.cachedStatement(sql: "INSERT OR REPLACE INTO tallies VALUES (?, ?, ?)")
        .execute(arguments: [table.rawValue, rows &+ change.rows, sum &+ change.sum])
    }
    changes = [:]
  }

  private func remove(_ row: SealedRow) throws {
    let condition = row.table.keys.map { "\($0.name) = ?" }.joined(separator: " AND ")
    try database.cachedStatement(sql: "DELETE FROM \(row.table.rawValue) WHERE \(condition)")
      .execute(arguments: StatementArguments(Array(row.values.prefix(row.table.keys.count))))
    count(row.table, rows: -1, seal: 0 &- row.seal)
  }

  private func count(_ table: LedgerTable, rows: Int64, seal: Int64) {
    let before = changes[table] ?? (0, 0)
    changes[table] = (before.rows + rows, before.sum &+ seal)
  }

  private func key(
    of values: [(any DatabaseValueConvertible)?], in table: LedgerTable
  ) -> [any DatabaseValueConvertible] {
    values.prefix(table.keys.count).compactMap { $0 }
  }
}

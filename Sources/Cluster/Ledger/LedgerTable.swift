internal import Foundation
internal import GRDB
internal import Support

/// The tables of a ledger. The last column of every row, `seal`, is a checksum of the other columns. The table
/// `tallies` holds the number of rows of each table and the sum of their checksums, so that a changed, missing or added
/// row is found.
enum LedgerTable: String, CaseIterable, Sendable {
  case audit, sessions, planned, members, attempts, deliveries, steps, applied, completed, costs

  /// The columns of the key.
  var keys: [(name: String, type: String)] {
    switch self {
    case .audit: [("singular", "INTEGER")]
    case .sessions: [("session", "INTEGER")]
    case .planned, .completed: [("run", "TEXT")]
    case .members: [("member", "TEXT"), ("session", "INTEGER")]
    case .attempts, .deliveries: [("session", "INTEGER"), ("lease", "INTEGER")]
    case .steps: [("run", "TEXT"), ("step", "INTEGER")]
    case .applied: [("run", "TEXT"), ("step", "INTEGER"), ("first", "INTEGER")]
    case .costs: [("arm", "TEXT"), ("phase", "TEXT")]
    }
  }

  /// The other columns; a value may be missing if its type is not `NOT NULL`.
  var contents: [(name: String, type: String)] {
    let (text, integer, real, blob) = ("TEXT NOT NULL", "INTEGER NOT NULL", "REAL NOT NULL", "BLOB NOT NULL")
    return switch self {
    case .audit: [("plan", text), ("specification", "TEXT")]
    case .sessions: [("began", real), ("process", integer), ("ended", "REAL")]
    case .planned:
      [("members", integer), ("epochs", integer), ("batch", integer), ("micro_batch", integer), ("logits", integer)]
    case .members:
      [
        ("name", text), ("host", text), ("process", integer), ("fingerprint", text), ("joined_at", real),
        ("left_at", "REAL"), ("reason", "TEXT"),
      ]
    case .attempts:
      [
        ("member", text), ("run", text), ("kind", text), ("step", "INTEGER"), ("first", "INTEGER"), ("last", "INTEGER"),
        ("at", real),
      ]
    case .deliveries: [("at", real)]
    case .steps: [("samples", integer), ("loss", real), ("gradient", text), ("parameters", text)]
    case .applied: [("last", integer), ("member", text), ("session", integer), ("lease", integer)]
    case .completed:
      [("losses", blob), ("logits", blob), ("validation_losses", blob), ("diverged_at", "INTEGER")]
    case .costs:
      [
        ("wall_seconds", real), ("worker_seconds", real), ("processor_seconds", real),
        ("coordinator_processor_seconds", real), ("bytes_sent", integer), ("bytes_received", integer),
        ("peak_resident_bytes", integer),
      ]
    }
  }

  /// The number of columns before the checksum.
  var columnCount: Int { keys.count + contents.count }

  /// The statement that creates the table.
  var creation: String {
    let columns = keys.map { "\($0.name) \($0.type) NOT NULL" } + contents.map { "\($0.name) \($0.type)" }
    return "CREATE TABLE \(rawValue) (\(columns.joined(separator: ", ")), seal INTEGER NOT NULL, "
      + "PRIMARY KEY (\(keys.map(\.name).joined(separator: ", ")))) WITHOUT ROWID"
  }

  /// The statement that inserts a row.
  var insertion: String { Self.insertions[self] ?? "" }

  /// The statement that finds a row by its key.
  var selection: String { Self.selections[self] ?? "" }

  // Made once, because they are used many times in a step.
  private static let insertions = statements { table in
    let placeholders = Array(repeating: "?", count: table.columnCount + 1).joined(separator: ", ")
    return "INSERT INTO \(table.rawValue) VALUES (\(placeholders))"
  }
  private static let selections = statements { table in
    "SELECT * FROM \(table.rawValue) WHERE \(table.keys.map { "\($0.name) = ?" }.joined(separator: " AND "))"
  }

  private static func statements(_ body: (LedgerTable) -> String) -> [LedgerTable: String] {
    Dictionary(uniqueKeysWithValues: allCases.map { ($0, body($0)) })
  }

  /// The statement that creates the table of tallies.
  static let tallies = "CREATE TABLE tallies (name TEXT PRIMARY KEY, rows INTEGER NOT NULL, sum INTEGER NOT NULL)"

  /// The checksum of a row: 64 bits of a digest of the table's name and every value. It finds damage and mistakes, and
  /// does not protect against a person who recomputes it.
  func seal(of values: some Sequence<DatabaseValue>) -> Int64 {
    var hasher = ContentHasher()
    hasher.combine(rawValue)
    for value in values {
      switch value.storage {
      case .null: hasher.combine(0)
      case .int64(let number):
        hasher.combine(1)
        hasher.combine(Int(number))
      case .double(let number):
        hasher.combine(2)
        hasher.combine(number)
      case .string(let text):
        hasher.combine(3)
        hasher.combine(text)
      case .blob(let data):
        hasher.combine(4)
        hasher.combine(data.count)
        hasher.update(bytes: Array(data))
      }
    }
    return Int64(bitPattern: hasher.finish().bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
  }
}

/// A row with its checksum, as it was read.
struct SealedRow {
  let table: LedgerTable
  /// Without the checksum.
  let values: [DatabaseValue]
  let seal: Int64

  /// Nil when it is not a row of this table.
  init?(_ row: Row, of table: LedgerTable) {
    let values = Array(row.databaseValues)
    guard values.count == table.columnCount + 1, case .int64(let seal)? = values.last?.storage else { return nil }
    self.table = table
    self.values = values.dropLast()
    self.seal = seal
  }

  /// Whether it matches its checksum.
  var isIntact: Bool { seal == table.seal(of: values) }

  /// The key in words: "run lora/seed-13, step 4".
  var name: String {
    zip(table.keys, values).map { "\($0.name) \($1.description.trimmingCharacters(in: ["\""]))" }
      .joined(separator: ", ")
  }

  func int(_ index: Int) throws(RowError) -> Int { Int(try value(index, Int64.self)) }

  func real(_ index: Int) throws(RowError) -> Double { try value(index, Double.self) }

  func text(_ index: Int) throws(RowError) -> String { try value(index, String.self) }

  func data(_ index: Int) throws(RowError) -> Data { try value(index, Data.self) }

  func optionalInt(_ index: Int) throws(RowError) -> Int? { values[index].isNull ? nil : try int(index) }

  func optionalReal(_ index: Int) throws(RowError) -> Double? { values[index].isNull ? nil : try real(index) }

  func optionalText(_ index: Int) throws(RowError) -> String? { values[index].isNull ? nil : try text(index) }

  private func value<Value: DatabaseValueConvertible>(_ index: Int, _ type: Value.Type) throws(RowError) -> Value {
    guard let value = Value.fromDatabaseValue(values[index]) else { throw RowError(row: name, table: table) }
    return value
  }
}

/// A row with a value that its table cannot hold.
struct RowError: Error, CustomStringConvertible {
  let row: String
  let table: LedgerTable

  var description: String { "the row \(row) of the table \(table.rawValue) is not what was written" }
}

/// The schema of a ledger.
enum LedgerSchema {
  /// The version of the schema, which increases with every change; ledgers of other versions are refused.
  static let version = "5"

  static var migrations: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration(version) { database in
      for table in LedgerTable.allCases { try database.execute(sql: table.creation) }
      try database.execute(sql: LedgerTable.tallies)
    }
    return migrator
  }

  /// Throws when another version of Tenbin made the file.
  static func requireThisVersion(_ database: Database, file: String) throws {
    guard try database.tableExists("grdb_migrations") else { return }
    let found = try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
    if let other = found.first(where: { $0 != version }) { throw LedgerError.otherVersion(file: file, found: other) }
  }

  /// Throws when SQLite finds the file damaged.
  ///
  /// - Parameter check: the name of the PRAGMA, `quick_check` or `integrity_check`.
  static func requireWhole(_ database: Database, check: String, file: String) throws {
    let problems = try String.fetchAll(database, sql: "PRAGMA \(check)(3)")
    guard problems == ["ok"] else {
      throw LedgerError.damaged(file: file, problem: problems.joined(separator: "; ").replacing("\n", with: " "))
    }
  }
}

/// Writes rows with their checksums and updates the tallies, within one transaction.
final class LedgerWriter {
  private let database: Database
  private var changes: [LedgerTable: (rows: Int64, sum: Int64)] = [:]

  init(_ database: Database) {
    self.database = database
  }

  /// The row with this key, if any.
  ///
  /// - Throws: `RowError` when it does not match its checksum.
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
    // SQLite stores -0.0 as 0.0.
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

  /// Adds a row, or replaces the row with its key.
  func put(_ values: [(any DatabaseValueConvertible)?], into table: LedgerTable) throws {
    if let old = try row(of: table, key: key(of: values, in: table)) { try remove(old) }
    try insert(values, into: table)
  }

  /// Changes the row with this key, if any.
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

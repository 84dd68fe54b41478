internal import GRDB

/// The form of a ledger.
enum LedgerSchema {
  /// The version of the form, counted up with every change; ledgers of other versions are refused.
  static let version = "4"

  static var migrations: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration(version) { database in
      for table in LedgerTable.allCases { try database.execute(sql: table.creation) }
      try database.execute(sql: LedgerTable.tallies)
    }
    return migrator
  }

  /// Throws when the file was made by another version of Tenbin.
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

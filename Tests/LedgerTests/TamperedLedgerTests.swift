import Foundation
import GRDB
import Ledger
import TestSupport
import Testing

/// A healthy ledger of which one row is not what was written, by damage, by hand or by a mistake.
@Suite struct TamperedLedgerTests {
  private let folder: TemporaryFolder
  private var ledger: String { "\(folder.path)/ledger.sqlite" }
  private var states: String { "\(folder.path)/states" }

  init() throws {
    folder = try TemporaryFolder()
    try HealthyAudit.write(ledger: ledger, states: states)
  }

  /// A connection that was used before may be closing, which locks the file.
  private static var waiting: Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(60)
    return configuration
  }

  private func findings() throws -> [LedgerFinding] {
    LedgerVerification(try LedgerRecords(file: ledger, states: states)).findings
  }

  /// Looks at the ledger with a change in it, and takes the change back.
  private func findings(with change: (Database) throws -> Void) throws -> [LedgerFinding] {
    let whole = try Data(contentsOf: URL(filePath: ledger))
    defer { try? whole.write(to: URL(filePath: ledger)) }
    var configuration = Self.waiting
    // These files need not outlive a crash.
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = OFF") }
    let queue = try DatabaseQueue(path: ledger, configuration: configuration)
    try queue.write(change)
    _ = try queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    try queue.close()
    return try findings()
  }

  private struct Table {
    let name: String
    let columns: [String]
    let keys: [String]
    let rows: [[DatabaseValue]]

    /// The condition that only this row fulfils.
    func condition(_ row: [DatabaseValue]) -> (sql: String, arguments: StatementArguments) {
      let values = keys.map { key in row[columns.firstIndex(of: key) ?? 0] }
      return (keys.map { "\($0) IS ?" }.joined(separator: " AND "), StatementArguments(values))
    }
  }

  private func tables() throws -> [Table] {
    let queue = try DatabaseQueue(path: ledger, configuration: Self.waiting)
    defer { try? queue.close() }
    return try queue.read { database in
      let names = try String.fetchAll(
        database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'grdb%' ORDER BY name")
      return try names.map { name in
        Table(
          name: name, columns: try database.columns(in: name).map(\.name), keys: try database.primaryKey(name).columns,
          rows: try Row.fetchAll(database, sql: "SELECT * FROM \(name)").map { Array($0.databaseValues) })
      }
    }
  }

  @Test("A healthy ledger has no findings, and verifying does not change it")
  func healthy() throws {
    let before = try Data(contentsOf: URL(filePath: ledger))
    #expect(try findings().isEmpty)
    #expect(try Data(contentsOf: URL(filePath: ledger)) == before)
  }

  @Test("Any missing row is found")
  func deletion() throws {
    for table in try tables() {
      #expect(!table.rows.isEmpty)
      for row in table.rows {
        let condition = table.condition(row)
        let found = try findings { database in
          try database.execute(
            sql: "DELETE FROM \(table.name) WHERE \(condition.sql)", arguments: condition.arguments)
        }
        #expect(!found.isEmpty, "\(table.name) \(row)")
      }
    }
  }

  @Test("Any row that was copied under another key is found")
  func duplication() throws {
    for table in try tables() {
      for row in table.rows {
        for key in table.keys {
          guard let index = table.columns.firstIndex(of: key) else { continue }
          var copy = row
          copy[index] = Self.altered(row[index])
          let found = try findings { database in
            let places = row.map { _ in "?" }.joined(separator: ", ")
            // One audit only may be named, which SQLite sees to.
            let sql = "INSERT OR IGNORE INTO \(table.name) VALUES (\(places))"
            try database.execute(sql: sql, arguments: StatementArguments(copy))
          }
          #expect(!found.isEmpty, "\(table.name) \(copy)")
        }
      }
    }
  }

  @Test("Any value that is altered is found, in every column of every row")
  func alteration() throws {
    for table in try tables() {
      for row in table.rows {
        let condition = table.condition(row)
        for (column, value) in zip(table.columns, row) {
          let found = try findings { database in
            try database.execute(
              sql: "UPDATE \(table.name) SET \(column) = ? WHERE \(condition.sql)",
              arguments: StatementArguments([Self.altered(value)]) + condition.arguments)
          }
          #expect(!found.isEmpty, "\(table.name).\(column) of \(row)")
        }
      }
    }
  }

  @Test("A value of another type is found, and nothing traps")
  func types() throws {
    for table in try tables() {
      guard let row = table.rows.first else { continue }
      let condition = table.condition(row)
      for column in table.columns {
        for value in ["x".databaseValue, Data([0xFF, 0xFE]).databaseValue, 1.5.databaseValue, Int64.min.databaseValue] {
          guard value != row[table.columns.firstIndex(of: column) ?? 0] else { continue }
          let found = try findings { database in
            try database.execute(
              sql: "UPDATE OR IGNORE \(table.name) SET \(column) = ? WHERE \(condition.sql)",
              arguments: StatementArguments([value]) + condition.arguments)
            // What SQLite itself refuses is changed in another way.
            if database.changesCount == 0 { try database.execute(sql: "DELETE FROM \(table.name)") }
          }
          #expect(!found.isEmpty, "\(table.name).\(column) = \(value)")
        }
      }
    }
  }

  @Test("The finding names the row's run and step")
  func place() throws {
    let found = try findings {
      try $0.execute(sql: "UPDATE steps SET gradient = parameters WHERE run = 'full/seed-2' AND step = 3")
    }
    #expect(found.contains { $0.run == "full/seed-2" && $0.step == 3 && $0.description.contains("table steps") })
  }

  @Test("No run resumes from an altered row")
  func resumption() throws {
    for sql in [
      "UPDATE completed SET logits = zeroblob(24) WHERE run = 'full/seed-1'", "UPDATE costs SET wall_seconds = 9",
      "UPDATE members SET fingerprint = 'g'",
    ] {
      let queue = try DatabaseQueue(path: ledger, configuration: Self.waiting)
      try queue.write { try $0.execute(sql: sql) }
      try queue.close()
    }
    let opened = try Ledger(file: ledger, plan: HealthyAudit.plan)
    #expect(throws: LedgerError.self) { try opened.completedRuns() }
    #expect(throws: LedgerError.self) { try opened.costs() }
    #expect(throws: LedgerError.self) { try opened.firstFingerprint() }
  }

  private static func altered(_ value: DatabaseValue) -> DatabaseValue {
    switch value.storage {
    case .null: return 1.databaseValue
    case .int64(let number): return (number &+ 1_000_003).databaseValue
    case .double(let number): return number.nextUp.databaseValue
    case .string(let text): return (String(text.dropLast()) + (text.last == "0" ? "1" : "0")).databaseValue
    case .blob(let data): return (Data([(data.first ?? 0) ^ 1]) + data.dropFirst()).databaseValue
    }
  }
}

internal import Foundation
internal import GRDB

/// The finished runs of a ledger, read without opening a session.
package struct ReadOnlyLedger: Sendable {
  /// The plan's digest in hexadecimal digits; empty before there was one.
  package private(set) var plan = ""
  /// The path of the specification that was started last.
  package private(set) var specification: String?
  /// By name.
  package private(set) var completed: [String: CompletedRun] = [:]
  package private(set) var costs: [CostRecord] = []

  /// - Throws: `LedgerError` if the file is damaged or not a ledger of this version.
  package init(file: String) throws(LedgerError) {
    do {
      guard access(file, R_OK) == 0 else {
        throw LedgerError.unreadable(file: file, problem: String(cString: strerror(errno)))
      }
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(5)
      try DatabaseQueue(path: file, configuration: configuration).read { database in
        try LedgerSchema.requireThisVersion(database, file: file)
        let audit = try Self.rows(of: .audit, in: database, file: file).first
        plan = try audit?.text(1) ?? ""
        specification = try audit?.optionalText(2)
        for row in try Self.rows(of: .completed, in: database, file: file) {
          let run = try CompletedRun(row)
          completed[run.run] = run
        }
        costs = try Self.rows(of: .costs, in: database, file: file).map { try CostRecord($0) }
          .sorted { ($0.arm, $0.phase) < ($1.arm, $1.phase) }
      }
    } catch {
      throw LedgerError(error, file: file, else: LedgerError.unreadable)
    }
  }

  private static func rows(of table: LedgerTable, in database: Database, file: String) throws -> [SealedRow] {
    try Row.fetchAll(database, sql: "SELECT * FROM \(table.rawValue)").map { found in
      guard let row = SealedRow(found, of: table), row.isIntact else {
        throw LedgerError.damaged(file: file, problem: "a row of the table \(table.rawValue) is not what was written")
      }
      return row
    }
  }
}

internal import Foundation
internal import GRDB
package import Hashing
internal import Synchronization

/// The durable record of one audit in SQLite: what was planned, lent, applied, measured and spent.
///
/// Writes are gathered and committed in groups by a queue of its own, so that no step waits for the disk; `flush` waits
/// until everything is durable. SQLite runs in WAL mode with full synchronization: a torn write is undone when the file
/// is opened again.
package final class Ledger: Sendable {
  let database: DatabasePool
  let file: String
  private let queue = DispatchQueue(label: "ledger")
  private let waiting = Mutex<(entries: [Entry], failure: LedgerError?)>(([], nil))
  /// The number of this sitting: leases are numbered anew in each.
  package let sitting: Int

  private enum Entry: Sendable {
    case step(StepRecord)
    case attempt(AttemptRecord)
    case joined(MemberRecord, at: Double)
    case left(String, reason: String, at: Double)
  }

  /// Opens or makes the ledger at `file` for the audit of plan `plan`, and begins a sitting.
  ///
  /// - Throws: `LedgerError.otherAudit` when it holds another.
  package init(file: String, plan: ContentHash) throws(LedgerError) {
    self.file = file
    do {
      var configuration = Configuration()
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      database = try DatabasePool(path: file, configuration: configuration)
      try Self.migrations.migrate(database)
      let (found, sitting) = try database.write { database in
        try database.execute(
          sql: "INSERT OR IGNORE INTO audit (singular, plan) VALUES (1, ?)", arguments: [plan.description])
        let found = try String.fetchOne(database, sql: "SELECT plan FROM audit")
        guard found == plan.description else { return (found, 0) }
        try database.execute(
          sql: "INSERT INTO sittings (began, process) VALUES (?, ?)",
          arguments: [Date().timeIntervalSince1970, Int(getpid())])
        return (found, Int(database.lastInsertedRowID))
      }
      self.sitting = sitting
      guard let found, found == plan.description else {
        throw LedgerError.otherAudit(file: file, expected: plan, found: found ?? "none")
      }
    } catch let error as LedgerError {
      throw error
    } catch {
      throw .unreadable(file: file, problem: "\(error)")
    }
  }

  /// Records a committed step, soon; a step that was recorded before must have the same digests.
  ///
  /// - Throws: what an earlier record ran into.
  package func record(_ step: StepRecord) throws(LedgerError) { try enqueue(.step(step)) }

  /// Records that work was lent, soon.
  package func record(_ attempt: AttemptRecord) throws(LedgerError) { try enqueue(.attempt(attempt)) }

  /// Records that a worker's incarnation joined, soon.
  package func record(_ member: MemberRecord) throws(LedgerError) {
    try enqueue(.joined(member, at: Date().timeIntervalSince1970))
  }

  /// Records that a worker's incarnation is gone, soon.
  package func recordLeft(_ member: String, reason: String) throws(LedgerError) {
    try enqueue(.left(member, reason: reason, at: Date().timeIntervalSince1970))
  }

  private func enqueue(_ entry: Entry) throws(LedgerError) {
    let isFirst = try waiting.withLock { (state) throws(LedgerError) in
      if let failure = state.failure { throw failure }
      state.entries.append(entry)
      return state.entries.count == 1
    }
    // A little later, so that what comes together is committed together.
    if isFirst { queue.asyncAfter(deadline: .now() + .milliseconds(20)) { [self] in writeWaiting() } }
  }

  /// Waits until everything recorded so far is durable.
  package func flush() throws(LedgerError) {
    queue.sync { writeWaiting() }
    if let failure = waiting.withLock({ $0.failure }) { throw failure }
  }

  private func writeWaiting() {
    let entries = waiting.withLock { state in
      defer { state.entries = [] }
      return state.failure == nil ? state.entries : []
    }
    guard !entries.isEmpty else { return }
    do throws(LedgerError) {
      try write { database in
        for entry in entries { try Self.insert(entry, sitting: self.sitting, into: database) }
      }
    } catch {
      waiting.withLock { $0.failure = $0.failure ?? error }
    }
  }

  private static func insert(_ entry: Entry, sitting: Int, into database: Database) throws {
    switch entry {
    case .step(let step): try insert(step, sitting: sitting, into: database)
    case .attempt(let attempt):
      try database.cachedStatement(
        sql: "INSERT INTO attempts (sitting, lease, member, run, work) VALUES (?, ?, ?, ?, ?)"
      ).execute(arguments: [sitting, attempt.lease, attempt.member, attempt.run, attempt.work])
    case .joined(let member, let time):
      try database.execute(
        sql: "INSERT OR IGNORE INTO members VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        arguments: [
          member.member, sitting, member.name, member.host, member.process, member.fingerprint, time,
        ])
    case .left(let member, let reason, let time):
      try database.execute(
        sql: "UPDATE members SET left_at = ?, reason = ? WHERE member = ?", arguments: [time, reason, member])
    }
  }

  private static func insert(_ step: StepRecord, sitting: Int, into database: Database) throws {
    let (gradient, parameters) = (step.gradient.description, step.parameters.description)
    let before = try Row.fetchOne(
      database.cachedStatement(sql: "SELECT gradient, parameters FROM steps WHERE run = ? AND step = ?"),
      arguments: [step.run, step.step])
    if let before {
      guard before["gradient"] == gradient else {
        throw LedgerError.replayDiffers(run: step.run, step: step.step, what: "gradient")
      }
      guard before["parameters"] == parameters else {
        throw LedgerError.replayDiffers(run: step.run, step: step.step, what: "parameter vector")
      }
      return
    }
    try database.cachedStatement(
      sql: "INSERT INTO steps (run, step, samples, loss, gradient, parameters) VALUES (?, ?, ?, ?, ?, ?)"
    ).execute(arguments: [step.run, step.step, step.samples, step.lossSum, gradient, parameters])
    let applied = try database.cachedStatement(
      sql: "INSERT INTO applied (run, step, first, last, member, sitting, lease) VALUES (?, ?, ?, ?, ?, ?, ?)")
    for delivery in step.deliveries {
      try applied.execute(
        arguments: [
          step.run, step.step, delivery.units.lowerBound, delivery.units.upperBound - 1, delivery.member, sitting,
          delivery.lease,
        ])
    }
  }

  func write(_ body: (Database) throws -> Void) throws(LedgerError) {
    do {
      try database.write(body)
    } catch let error as LedgerError {
      throw error
    } catch {
      throw .unwritable(file: file, problem: "\(error)")
    }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(LedgerError) -> Value {
    do {
      return try database.read(body)
    } catch {
      throw .unreadable(file: file, problem: "\(error)")
    }
  }

  static var migrations: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("2") { database in
      try database.execute(
        sql: """
          CREATE TABLE audit (singular INTEGER PRIMARY KEY CHECK (singular = 1), plan TEXT NOT NULL);
          CREATE TABLE sittings (sitting INTEGER PRIMARY KEY AUTOINCREMENT, began REAL NOT NULL, process INTEGER NOT NULL);
          CREATE TABLE planned (
            run TEXT PRIMARY KEY, members INTEGER NOT NULL, epochs INTEGER NOT NULL, batch INTEGER NOT NULL,
            micro_batch INTEGER NOT NULL);
          CREATE TABLE members (
            member TEXT PRIMARY KEY, sitting INTEGER NOT NULL, name TEXT NOT NULL, host TEXT NOT NULL,
            process INTEGER NOT NULL, fingerprint TEXT NOT NULL, joined_at REAL NOT NULL, left_at REAL, reason TEXT);
          CREATE TABLE attempts (
            sitting INTEGER NOT NULL, lease INTEGER NOT NULL, member TEXT NOT NULL, run TEXT NOT NULL,
            work TEXT NOT NULL, PRIMARY KEY (sitting, lease)) WITHOUT ROWID;
          CREATE TABLE steps (
            run TEXT NOT NULL, step INTEGER NOT NULL, samples INTEGER NOT NULL, loss REAL NOT NULL,
            gradient TEXT NOT NULL, parameters TEXT NOT NULL, PRIMARY KEY (run, step)) WITHOUT ROWID;
          CREATE TABLE applied (
            run TEXT NOT NULL, step INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
            member TEXT NOT NULL, sitting INTEGER NOT NULL, lease INTEGER NOT NULL,
            PRIMARY KEY (run, step, first)) WITHOUT ROWID;
          CREATE TABLE completed (
            run TEXT PRIMARY KEY, losses BLOB NOT NULL, logits BLOB NOT NULL, diverged_at INTEGER);
          CREATE TABLE costs (
            arm TEXT NOT NULL, phase TEXT NOT NULL, wall_seconds REAL NOT NULL, worker_seconds REAL NOT NULL,
            processor_seconds REAL NOT NULL, coordinator_processor_seconds REAL NOT NULL, bytes_sent INTEGER NOT NULL,
            bytes_received INTEGER NOT NULL, peak_resident_bytes INTEGER NOT NULL, PRIMARY KEY (arm, phase));
          """)
    }
    return migrator
  }
}

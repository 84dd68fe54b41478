internal import Foundation
internal import GRDB
package import Hashing
internal import Synchronization

/// The durable record of one audit in SQLite: what was planned, applied, measured and spent.
///
/// Writes are gathered and committed in groups by a queue of its own, so that no step waits for the disk; `flush` waits
/// until everything is durable. SQLite runs in WAL mode with full synchronization.
package final class Ledger: Sendable {
  private let database: DatabasePool
  private let file: String
  private let queue = DispatchQueue(label: "ledger")
  private let waiting = Mutex<(steps: [StepRecord], failure: LedgerError?)>(([], nil))

  /// Opens or makes the ledger at `file` for the audit of plan `plan`.
  ///
  /// - Throws: `LedgerError.otherAudit` when it holds another.
  package init(file: String, plan: ContentHash) throws(LedgerError) {
    self.file = file
    do {
      var configuration = Configuration()
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      database = try DatabasePool(path: file, configuration: configuration)
      try Self.migrations.migrate(database)
      let found = try database.write { database in
        try database.execute(
          sql: "INSERT OR IGNORE INTO audit (singular, plan) VALUES (1, ?)", arguments: [plan.description])
        return try String.fetchOne(database, sql: "SELECT plan FROM audit")
      }
      guard let found, found == plan.description else {
        throw LedgerError.otherAudit(file: file, expected: plan, found: found ?? "none")
      }
    } catch let error as LedgerError {
      throw error
    } catch {
      throw .unreadable(file: file, problem: "\(error)")
    }
  }

  /// Records a committed step, soon; a step that was recorded before must have the same hashes.
  ///
  /// - Throws: what an earlier record ran into.
  package func record(_ step: StepRecord) throws(LedgerError) {
    let isFirst = try waiting.withLock { (state) throws(LedgerError) in
      if let failure = state.failure { throw failure }
      state.steps.append(step)
      return state.steps.count == 1
    }
    if isFirst { queue.async { [self] in writeWaiting() } }
  }

  /// Waits until everything recorded so far is durable.
  package func flush() throws(LedgerError) {
    queue.sync { writeWaiting() }
    if let failure = waiting.withLock({ $0.failure }) { throw failure }
  }

  /// Records that a run is done, behind all its steps.
  package func record(_ run: CompletedRun) throws(LedgerError) {
    try flush()
    try write { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO completed (run, losses, logits) VALUES (?, ?, ?)",
        arguments: [
          run.run, try JSONEncoder().encode(run.losses), run.logits.withUnsafeBytes { Data($0) },
        ])
    }
  }

  /// The runs that are done, by name.
  package func completedRuns() throws(LedgerError) -> [String: CompletedRun] {
    try read { database in
      var runs: [String: CompletedRun] = [:]
      for row in try Row.fetchAll(database, sql: "SELECT run, losses, logits FROM completed") {
        let (name, losses, logits): (String, Data, Data) = (row[0], row[1], row[2])
        let floats = logits.withUnsafeBytes { bytes in
          (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        }
        runs[name] = CompletedRun(
          run: name, losses: try JSONDecoder().decode([Double].self, from: losses), logits: floats)
      }
      return runs
    }
  }

  /// Adds to what a phase of an arm has cost.
  package func add(_ cost: CostRecord) throws(LedgerError) {
    var sum =
      try costs().first { $0.arm == cost.arm && $0.phase == cost.phase } ?? CostRecord(arm: cost.arm, phase: cost.phase)
    sum.add(cost)
    let arguments: StatementArguments = [
      sum.arm, sum.phase, sum.wallSeconds, sum.workerSeconds, sum.processorSeconds, sum.coordinatorProcessorSeconds,
      sum.bytesSent, sum.bytesReceived, sum.peakResidentBytes,
    ]
    try write { database in
      try database.execute(sql: "INSERT OR REPLACE INTO costs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", arguments: arguments)
    }
  }

  /// Everything spent, in the order of arms and phases by name.
  package func costs() throws(LedgerError) -> [CostRecord] {
    try read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM costs ORDER BY arm, phase").map { row in
        var cost = CostRecord(arm: row["arm"], phase: row["phase"])
        cost.wallSeconds = row["wall_seconds"]
        cost.workerSeconds = row["worker_seconds"]
        cost.processorSeconds = row["processor_seconds"]
        cost.coordinatorProcessorSeconds = row["coordinator_processor_seconds"]
        cost.bytesSent = row["bytes_sent"]
        cost.bytesReceived = row["bytes_received"]
        cost.peakResidentBytes = row["peak_resident_bytes"]
        return cost
      }
    }
  }

  /// Records that a worker's incarnation joined.
  package func recordMember(_ member: String, name: String, fingerprint: String) throws(LedgerError) {
    try write { database in
      try database.execute(
        sql: "INSERT OR IGNORE INTO members (member, name, fingerprint) VALUES (?, ?, ?)",
        arguments: [member, name, fingerprint])
    }
  }

  /// The fingerprint of the first worker that ever joined; nil before there was one.
  package func firstFingerprint() throws(LedgerError) -> String? {
    try read { try String.fetchOne($0, sql: "SELECT fingerprint FROM members ORDER BY rowid LIMIT 1") }
  }

  /// How many steps are committed.
  package func stepCount() throws(LedgerError) -> Int {
    try read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM steps") ?? 0 }
  }
}

extension Ledger {
  private func writeWaiting() {
    let steps = waiting.withLock { state in
      defer { state.steps = [] }
      return state.failure == nil ? state.steps : []
    }
    guard !steps.isEmpty else { return }
    do throws(LedgerError) {
      let hashes = steps.map { (ContentHash(of: $0.gradient).description, ContentHash(of: $0.parameters).description) }
      try write { database in
        for (step, (gradient, parameters)) in zip(steps, hashes) {
          try Self.insert(step, gradient: gradient, parameters: parameters, into: database)
        }
      }
    } catch {
      waiting.withLock { $0.failure = $0.failure ?? error }
    }
  }

  private static func insert(
    _ step: StepRecord, gradient: String, parameters: String, into database: Database
  ) throws {
    let before = try Row.fetchOne(
      database, sql: "SELECT gradient, parameters FROM steps WHERE run = ? AND step = ?",
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
    try database.execute(
      sql: "INSERT INTO steps (run, step, samples, gradient, parameters) VALUES (?, ?, ?, ?, ?)",
      arguments: [step.run, step.step, step.samples, gradient, parameters])
    for delivery in step.deliveries {
      try database.execute(
        sql: "INSERT INTO applied (run, step, first, last, member) VALUES (?, ?, ?, ?, ?)",
        arguments: [step.run, step.step, delivery.units.lowerBound, delivery.units.upperBound - 1, delivery.member])
    }
  }

  private func write(_ body: (Database) throws -> Void) throws(LedgerError) {
    do {
      try database.write(body)
    } catch let error as LedgerError {
      throw error
    } catch {
      throw .unwritable(file: file, problem: "\(error)")
    }
  }

  private func read<Value>(_ body: (Database) throws -> Value) throws(LedgerError) -> Value {
    do {
      return try database.read(body)
    } catch {
      throw .unreadable(file: file, problem: "\(error)")
    }
  }

  private static var migrations: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(
        sql: """
          CREATE TABLE audit (singular INTEGER PRIMARY KEY CHECK (singular = 1), plan TEXT NOT NULL);
          CREATE TABLE members (member TEXT PRIMARY KEY, name TEXT NOT NULL, fingerprint TEXT NOT NULL);
          CREATE TABLE steps (
            run TEXT NOT NULL, step INTEGER NOT NULL, samples INTEGER NOT NULL,
            gradient TEXT NOT NULL, parameters TEXT NOT NULL, PRIMARY KEY (run, step)) WITHOUT ROWID;
          CREATE TABLE applied (
            run TEXT NOT NULL, step INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
            member TEXT NOT NULL, PRIMARY KEY (run, step, first)) WITHOUT ROWID;
          CREATE TABLE completed (run TEXT PRIMARY KEY, losses BLOB NOT NULL, logits BLOB NOT NULL);
          CREATE TABLE costs (
            arm TEXT NOT NULL, phase TEXT NOT NULL, wall_seconds REAL NOT NULL, worker_seconds REAL NOT NULL,
            processor_seconds REAL NOT NULL, coordinator_processor_seconds REAL NOT NULL, bytes_sent INTEGER NOT NULL,
            bytes_received INTEGER NOT NULL, peak_resident_bytes INTEGER NOT NULL, PRIMARY KEY (arm, phase));
          """)
    }
    return migrator
  }
}

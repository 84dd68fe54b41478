internal import Foundation
internal import GRDB
package import Support
internal import Synchronization

/// The durable record of one audit in SQLite: what was planned, assigned, applied, measured and spent.
///
/// A queue of its own commits writes in groups, so that no step waits for the disk; `flush` waits until everything is
/// durable. SQLite runs in WAL mode with full synchronization, so that a torn write is undone when the file is opened
/// again. Every row has a checksum (see `LedgerTable`), so that damage which SQLite does not notice is found on
/// reading.
package final class Ledger: Sendable {
  let database: DatabasePool
  let file: String
  private let queue = DispatchQueue(label: "ledger")
  private let waiting = Mutex<(entries: [Entry], failure: LedgerError?)>(([], nil))
  /// The number of this session; leases are numbered from 1 in each session.
  package let session: Int
  /// Leases of this session without a delivery, and their workers.
  private let outstanding = Mutex<[Int: String]>([:])

  private enum Entry: Sendable {
    case step(StepRecord)
    case attempt(AttemptRecord, at: Double)
    case delivery(lease: Int, member: String, at: Double)
    case joined(MemberRecord, at: Double)
    case left(String, reason: String, at: Double)
  }

  /// Opens or makes the ledger at `file` for the audit of plan `plan`, and begins a session.
  ///
  /// - Parameter specification: the path of the specification, for `tenbin verify`; the latest one is kept.
  /// - Throws: `LedgerError.otherAudit` when it holds another audit, `otherVersion` when another version of Tenbin made
  ///   it, `damaged` when it is incomplete.
  package init(file: String, plan: ContentHash, specification: String? = nil) throws(LedgerError) {
    self.file = file
    do {
      var configuration = Configuration()
      // A process that closes the file, such as a verification, locks it for a moment.
      configuration.busyMode = .timeout(10)
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      database = try DatabasePool(path: file, configuration: configuration)
      try database.read { try LedgerSchema.requireThisVersion($0, file: file) }
      try LedgerSchema.migrations.migrate(database)
      session = try database.write { database in
        let writer = LedgerWriter(database)
        try Self.claim(writer, file: file, plan: plan, specification: specification)
        let last = try Int.fetchOne(database, sql: "SELECT MAX(session) FROM sessions") ?? 0
        if last > 0, try writer.row(of: .sessions, key: [last])?.values.last?.isNull != false {
          // The previous session was killed: check the whole file.
          try LedgerSchema.requireWhole(database, check: "quick_check", file: file)
        }
        try writer.insert([last + 1, Date().timeIntervalSince1970, Int(getpid()), nil], into: .sessions)
        try writer.finish()
        return last + 1
      }
    } catch {
      throw LedgerError(error, file: file, else: LedgerError.unreadable)
    }
  }

  private static func claim(
    _ writer: LedgerWriter, file: String, plan: ContentHash, specification: String?
  ) throws {
    guard let row = try writer.row(of: .audit, key: [1]) else {
      return try writer.insert([1, plan.description, specification], into: .audit)
    }
    let found = try row.text(1)
    guard found == plan.description else { throw LedgerError.otherAudit(file: file, expected: plan, found: found) }
    if let specification, try row.optionalText(2) != specification {
      try writer.put([1, found, specification], into: .audit)
    }
  }

  /// Records a committed step, soon; a step that was recorded before must have the same digests.
  ///
  /// - Throws: the error of an earlier record.
  package func record(_ step: StepRecord) throws(LedgerError) { try enqueue(.step(step)) }

  /// Records that work was assigned, soon.
  package func record(_ attempt: AttemptRecord) throws(LedgerError) {
    try enqueue(.attempt(attempt, at: Date().timeIntervalSince1970))
  }

  /// Records the first delivery for a lease, soon, whether or not it counts. A delivery for a lease that this worker
  /// never had is not recorded.
  package func recordDelivery(lease: Int, from member: String) throws(LedgerError) {
    try enqueue(.delivery(lease: lease, member: member, at: Date().timeIntervalSince1970))
  }

  /// Records that a worker's incarnation joined, soon.
  package func record(_ member: MemberRecord) throws(LedgerError) {
    try enqueue(.joined(member, at: Date().timeIntervalSince1970))
  }

  /// Records that a worker's incarnation has left, soon.
  package func recordLeft(_ member: String, reason: String) throws(LedgerError) {
    try enqueue(.left(member, reason: reason, at: Date().timeIntervalSince1970))
  }

  private func enqueue(_ entry: Entry) throws(LedgerError) {
    let isFirst = try waiting.withLock { (state) throws(LedgerError) in
      if let failure = state.failure { throw failure }
      state.entries.append(entry)
      return state.entries.count == 1
    }
    // A little later, so that records of one moment are committed together.
    if isFirst { queue.asyncAfter(deadline: .now() + .milliseconds(20)) { [self] in writeWaiting() } }
  }

  /// Waits until everything recorded so far is durable.
  package func flush() throws(LedgerError) {
    queue.sync { writeWaiting() }
    if let failure = waiting.withLock({ $0.failure }) { throw failure }
  }

  /// Records that the session ends normally, after everything recorded so far, and moves all of it into the one file.
  package func endSession() throws(LedgerError) {
    try flush()
    try write { try $0.change(.sessions, key: [session]) { $0[3] = Date().timeIntervalSince1970.databaseValue } }
    // A reader keeps the log from being emptied, which loses nothing.
    _ = try? database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
  }

  private func writeWaiting() {
    let entries = waiting.withLock { state in
      defer { state.entries = [] }
      return state.failure == nil ? state.entries : []
    }
    guard !entries.isEmpty else { return }
    do throws(LedgerError) {
      try write { writer in
        for entry in entries { try insert(entry, with: writer) }
      }
    } catch {
      waiting.withLock { $0.failure = $0.failure ?? error }
    }
  }

  private func insert(_ entry: Entry, with writer: LedgerWriter) throws {
    switch entry {
    case .step(let step): try insert(step, with: writer)
    case .attempt(let attempt, let time):
      let (kind, step, units) = attempt.work.columns
      try writer.insert(
        [session, attempt.lease, attempt.member, attempt.run, kind, step, units?.lowerBound, units?.last, time],
        into: .attempts)
      outstanding.withLock { $0[attempt.lease] = attempt.member }
    case .delivery(let lease, let member, let time):
      let isFirst = outstanding.withLock { leases in
        guard leases[lease] == member else { return false }
        leases[lease] = nil
        return true
      }
      if isFirst { try writer.insert([session, lease, time], into: .deliveries) }
    case .joined(let member, let time):
      try writer.insertIfAbsent(
        [
          member.member, session, member.name, member.host, member.process, member.fingerprint, time, nil, nil,
        ], into: .members)
    case .left(let member, let reason, let time):
      try writer.change(.members, key: [member, session]) { values in
        values[7] = time.databaseValue
        values[8] = reason.databaseValue
      }
    }
  }

  private func insert(_ step: StepRecord, with writer: LedgerWriter) throws {
    let (gradient, parameters) = (step.gradient.description, step.parameters.description)
    if let before = try writer.row(of: .steps, key: [step.run, step.step]) {
      guard try before.text(4) == gradient else {
        throw LedgerError.replayDiffers(run: step.run, step: step.step, what: "gradient")
      }
      guard try before.text(5) == parameters else {
        throw LedgerError.replayDiffers(run: step.run, step: step.step, what: "parameter vector")
      }
      return
    }
    try writer.insert([step.run, step.step, step.samples, step.lossSum, gradient, parameters], into: .steps)
    for delivery in step.deliveries {
      try writer.insert(
        [
          step.run, step.step, delivery.units.lowerBound, delivery.units.upperBound - 1, delivery.member, session,
          delivery.lease,
        ], into: .applied)
    }
  }

  /// Writes in one transaction.
  func write(_ body: (LedgerWriter) throws -> Void) throws(LedgerError) {
    do {
      try database.write { database in
        let writer = LedgerWriter(database)
        try body(writer)
        try writer.finish()
      }
    } catch {
      throw LedgerError(error, file: file, else: LedgerError.unwritable)
    }
  }

  /// The rows of a table that fulfil a condition, with intact checksums.
  func rows(
    of table: LedgerTable, _ condition: String = "", arguments: StatementArguments = []
  ) throws(LedgerError) -> [SealedRow] {
    try read { database in
      let found = try Row.fetchAll(database, sql: "SELECT * FROM \(table.rawValue) \(condition)", arguments: arguments)
      return try found.map { found in
        guard let row = SealedRow(found, of: table), row.isIntact else {
          throw RowError(row: SealedRow(found, of: table)?.name ?? "?", table: table)
        }
        return row
      }
    }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(LedgerError) -> Value {
    do {
      return try database.read(body)
    } catch {
      throw LedgerError(error, file: file, else: LedgerError.unreadable)
    }
  }
}

extension LeasedWork {
  /// The columns of a lease: its kind, step and units.
  fileprivate var columns: (kind: String, step: Int?, units: Range<Int>?) {
    switch self {
    case .training(let step): (Kind.training.rawValue, step, nil)
    case .microBatches(let step, let units): (Kind.microBatches.rawValue, step, units)
    case .blocks(let units): (Kind.blocks.rawValue, nil, units)
    }
  }
}

// Records that are written at once, and queries.
extension Ledger {
  /// Records the planned size of the audit's runs.
  package func record(_ planned: [PlannedRecord]) throws(LedgerError) {
    try write { writer in
      for run in planned {
        try writer.insertIfAbsent(
          [run.run, run.members, run.epochs, run.batch, run.microBatch, run.logits], into: .planned)
      }
    }
  }

  /// Records that a run is done, after all its steps.
  package func record(_ run: CompletedRun) throws(LedgerError) {
    try flush()
    try write { writer in
      try writer.put(
        [
          run.run, try JSONEncoder().encode(run.losses), run.logits.withUnsafeBytes { Data($0) },
          try JSONEncoder().encode(run.validationLosses), run.divergedAt,
        ], into: .completed)
    }
  }

  /// The runs that are done, by name.
  package func completedRuns() throws(LedgerError) -> [String: CompletedRun] {
    var runs: [String: CompletedRun] = [:]
    for row in try rows(of: .completed) {
      let run = try value { try CompletedRun(row) }
      runs[run.run] = run
    }
    return runs
  }

  /// Adds to the cost of a phase of an arm.
  package func add(_ cost: CostRecord) throws(LedgerError) {
    try write { writer in
      var sum = try writer.row(of: .costs, key: [cost.arm, cost.phase]).map { try CostRecord($0) }
      sum?.add(cost)
      let total = sum ?? cost
      try writer.put(
        [
          total.arm, total.phase, total.wallSeconds, total.workerSeconds, total.processorSeconds,
          total.coordinatorProcessorSeconds, total.bytesSent, total.bytesReceived, total.peakResidentBytes,
        ], into: .costs)
    }
  }

  /// All costs, ordered by the names of arms and phases.
  package func costs() throws(LedgerError) -> [CostRecord] {
    let rows = try rows(of: .costs, "ORDER BY arm, phase")
    return try value { try rows.map { try CostRecord($0) } }
  }

  /// The fingerprint of the first worker that ever joined, if any.
  package func firstFingerprint() throws(LedgerError) -> String? {
    let rows = try rows(of: .members, "ORDER BY joined_at LIMIT 1")
    return try value { try rows.first?.text(5) }
  }

  /// The digest of a run's parameters after a step; nil when the step is not committed.
  package func parameters(run: String, step: Int) throws(LedgerError) -> TensorDigest? {
    let rows = try rows(of: .steps, "WHERE run = ? AND step = ?", arguments: [run, step])
    return try value { try rows.first.flatMap { TensorDigest(hexadecimal: try $0.text(5)) } }
  }

  /// The number of committed steps.
  package func stepCount() throws(LedgerError) -> Int {
    try read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM steps") ?? 0 }
  }

  private func value<Value>(_ body: () throws -> Value) throws(LedgerError) -> Value {
    do {
      return try body()
    } catch {
      throw LedgerError(error, file: file, else: LedgerError.unreadable)
    }
  }
}

extension CompletedRun {
  init(_ row: SealedRow) throws {
    let bytes = try row.data(2)
    let logits = bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
    }
    func losses(_ column: Int) throws -> [Double] {
      guard let losses = try? JSONDecoder().decode([Double].self, from: try row.data(column)) else {
        throw RowError(row: row.name, table: row.table)
      }
      return losses
    }
    self.init(
      run: try row.text(0), losses: try losses(1), logits: logits, validationLosses: try losses(3),
      divergedAt: try row.optionalInt(4))
  }
}

extension CostRecord {
  init(_ row: SealedRow) throws {
    self.init(arm: try row.text(0), phase: try row.text(1))
    wallSeconds = try row.real(2)
    workerSeconds = try row.real(3)
    processorSeconds = try row.real(4)
    coordinatorProcessorSeconds = try row.real(5)
    bytesSent = try row.int(6)
    bytesReceived = try row.int(7)
    peakResidentBytes = try row.int(8)
  }
}

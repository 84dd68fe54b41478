internal import Foundation
internal import GRDB
internal import Optimization
package import Support

/// The input of a verification: all records of a ledger, and its state files.
package struct LedgerRecords: Sendable, Equatable {
  /// The plan's digest in hexadecimal digits.
  package var plan = ""
  /// The path of the specification that was started last.
  package var specification: String?
  package var sessions: [Session] = []
  package var planned: [PlannedRecord] = []
  package var members: [Incarnation] = []
  package var attempts: [Attempt] = []
  package var deliveries: [Delivery] = []
  package var steps: [Step] = []
  package var applied: [Applied] = []
  package var completed: [Completed] = []
  package var states: [State] = []
  /// Rows and files that differ from what was written.
  package var damage: [LedgerFinding] = []

  package init() {}

  /// The time from the start of a coordinator to its end.
  package struct Session: Sendable, Equatable {
    package var session: Int
    package var began: Double
    /// Nil when it was killed or is still running.
    package var ended: Double?
  }

  /// A worker's incarnation that delivered something.
  package struct Incarnation: Sendable, Equatable {
    package var member: String
    package var session: Int
    package var name: String
    package var fingerprint: String
  }

  /// The name of a lease.
  package struct LeaseName: Hashable, Sendable, CustomStringConvertible {
    package var session: Int
    package var lease: Int

    package var description: String { "lease \(lease) of session \(session)" }
  }

  /// Work that was assigned.
  package struct Attempt: Sendable, Equatable {
    package var name: LeaseName
    package var member: String
    package var run: String
    package var work: LeasedWork
    /// Seconds since 1970.
    package var at: Double
  }

  /// The first delivery for a lease.
  package struct Delivery: Sendable, Equatable {
    package var name: LeaseName
    package var at: Double
  }

  package struct Step: Sendable, Equatable {
    package var run: String
    package var step: Int
    package var samples: Int
    package var lossSum: Double
    package var gradient: TensorDigest
    package var parameters: TensorDigest
  }

  /// Micro-batches of a step that one delivery contributed.
  package struct Applied: Sendable, Equatable {
    package var run: String
    package var step: Int
    package var first: Int
    package var last: Int
    package var member: String
    package var name: LeaseName
  }

  package struct Completed: Sendable, Equatable {
    package var run: String
    package var losses: [Double]
    package var logits: Int
    /// Whether all logits and validation losses are finite.
    package var areFinite: Bool
    package var divergedAt: Int?
  }

  /// An intact state file.
  package struct State: Sendable, Equatable {
    package var run: String
    /// The next step.
    package var step: Int
    package var parameters: TensorDigest
    package var divergedAt: Int?
  }
}

/// A record that contradicts another, or a rule.
package struct LedgerFinding: Error, Sendable, Equatable, CustomStringConvertible {
  package var run: String?
  package var step: Int?
  package var found: String
  package var expected: String?

  package init(run: String? = nil, step: Int? = nil, _ found: String, expected: String? = nil) {
    self.run = run
    self.step = step
    self.found = found
    self.expected = expected
  }

  package var description: String {
    let location = [run, step.map { "step \($0)" }].compactMap(\.self).joined(separator: ", ")
    return (location.isEmpty ? "" : "\(location): ") + found + (expected.map { "; expected \($0)" } ?? "")
  }
}

/// Counts of a ledger's records.
package struct LedgerCounts: Sendable, Equatable {
  package var sessions = 0
  /// Sessions that are over and did not end normally.
  package var interruptedSessions = 0
  package var incarnations = 0
  package var runs = 0
  package var completedRuns = 0
  package var divergedRuns = 0
  package var steps = 0
  package var microBatches = 0
  package var samples = 0
  /// Leases of training, and how they ended.
  package var attempts = 0
  package var applied = 0
  /// Delivered, but the work had been applied before, or under another lease.
  package var duplicates = 0
  /// Not delivered.
  package var lost = 0
  /// Leases of evaluation.
  package var evaluations = 0
  package var states = 0
  /// States that are ahead of the ledger; no run resumes from them.
  package var statesAhead = 0

  package init() {}
}

extension LedgerRecords {
  /// Reads a ledger without changing it, also while an audit writes to it, and the states in `states`.
  ///
  /// - Throws: `LedgerError` if SQLite cannot read it; rows that it can read but that were not written so are in
  ///   `damage`.
  package init(file: String, states folder: String) throws(LedgerError) {
    self.init()
    do {
      guard access(file, R_OK) == 0 else {
        throw LedgerError.unreadable(file: file, problem: String(cString: strerror(errno)))
      }
      do {
        try read(file, at: file)
      } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN && access(file + "-wal", F_OK) != 0
      {
        // In a read-only folder SQLite must be told that the file is immutable.
        try read(file, at: "\(URL(filePath: file).absoluteString)?immutable=1")
      }
    } catch {
      throw LedgerError(error, file: file, else: LedgerError.unreadable)
    }
    readStates(in: folder)
  }

  private mutating func read(_ file: String, at path: String) throws {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    try DatabaseQueue(path: path, configuration: configuration).read { database in
      try LedgerSchema.requireThisVersion(database, file: file)
      try LedgerSchema.requireWhole(database, check: "integrity_check", file: file)
      for table in LedgerTable.allCases { try read(table, from: database) }
      try checkTallies(in: database)
    }
  }

  private mutating func read(_ table: LedgerTable, from database: Database) throws {
    let cursor = try Row.fetchCursor(database, sql: "SELECT * FROM \(table.rawValue)")
    while let found = try cursor.next() {
      guard let row = SealedRow(found, of: table) else {
        damage.append(LedgerFinding("the table \(table.rawValue) has a row of another form"))
        continue
      }
      if !row.isIntact { damage.append(Self.altered(row)) }
      do {
        try append(row)
      } catch {
        // The checksum has reported it already, unless it was recomputed.
        if row.isIntact { damage.append(Self.altered(row)) }
      }
    }
  }

  private static func altered(_ row: SealedRow) -> LedgerFinding {
    let hasRun = row.table.keys[0].name == "run"
    return LedgerFinding(
      run: hasRun ? try? row.text(0) : nil, step: hasRun && row.table.keys.count > 1 ? try? row.int(1) : nil,
      "the row \(row.name) of the table \(row.table.rawValue) is not what was written",
      expected: "a row that matches its checksum")
  }

  private mutating func append(_ row: SealedRow) throws {
    switch row.table {
    case .audit:
      plan = try row.text(1)
      specification = try row.optionalText(2)
    case .sessions:
      sessions.append(Session(session: try row.int(0), began: try row.real(1), ended: try row.optionalReal(3)))
    case .planned:
      planned.append(
        PlannedRecord(
          run: try row.text(0), members: try row.int(1), epochs: try row.int(2), batch: try row.int(3),
          microBatch: try row.int(4), logits: try row.int(5)))
    case .members:
      members.append(
        Incarnation(
          member: try row.text(0), session: try row.int(1), name: try row.text(2), fingerprint: try row.text(5)))
    case .attempts:
      attempts.append(
        Attempt(
          name: try row.lease(0, 1), member: try row.text(2), run: try row.text(3), work: try LeasedWork(row),
          at: try row.real(8)))
    case .deliveries: deliveries.append(Delivery(name: try row.lease(0, 1), at: try row.real(2)))
    case .steps:
      steps.append(
        Step(
          run: try row.text(0), step: try row.int(1), samples: try row.int(2), lossSum: try row.real(3),
          gradient: try row.digest(4), parameters: try row.digest(5)))
    case .applied:
      applied.append(
        Applied(
          run: try row.text(0), step: try row.int(1), first: try row.int(2), last: try row.int(3),
          member: try row.text(4), name: try row.lease(5, 6)))
    case .completed:
      let run = try CompletedRun(row)
      completed.append(
        Completed(
          run: run.run, losses: run.losses, logits: run.logits.count,
          areFinite: run.logits.allSatisfy(\.isFinite) && run.validationLosses.allSatisfy(\.isFinite),
          divergedAt: run.divergedAt))
    case .costs: _ = try CostRecord(row)
    }
  }

  /// The expected number of rows, and the expected sum of their checksums.
  private mutating func checkTallies(in database: Database) throws {
    var written: [String: (rows: Int64, sum: Int64)] = [:]
    for row in try Row.fetchAll(database, sql: "SELECT name, rows, sum FROM tallies") {
      let values = Array(row.databaseValues)
      guard case .string(let name) = values[0].storage, case .int64(let rows) = values[1].storage,
        case .int64(let sum) = values[2].storage, LedgerTable(rawValue: name) != nil
      else {
        damage.append(LedgerFinding("the table tallies has a row that Tenbin never wrote"))
        continue
      }
      written[name] = (rows, sum)
    }
    for table in LedgerTable.allCases {
      var (rows, sum): (Int64, Int64) = (0, 0)
      let cursor = try Row.fetchCursor(database, sql: "SELECT seal FROM \(table.rawValue)")
      while let row = try cursor.next() {
        rows += 1
        sum &+= Int64.fromDatabaseValue(row[0]) ?? 0
      }
      let tally = written[table.rawValue] ?? (0, 0)
      guard tally != (rows, sum) else { continue }
      damage.append(
        LedgerFinding(
          "the table \(table.rawValue) holds \(rows) rows"
            + (tally.rows == rows ? ", but not those that were written" : ""),
          expected: "the \(tally.rows) that were written"))
    }
  }

  private mutating func readStates(in folder: String) {
    let files = StateFiles(folder: folder)
    for run in planned.map(\.run) {
      do throws(LedgerError) {
        guard let state = try files.read(run: run) else { continue }
        states.append(
          State(
            run: run, step: state.step, parameters: TensorDigest(of: state.parameters.floats),
            divergedAt: state.divergedAt))
      } catch {
        damage.append(LedgerFinding(run: run, error.description))
      }
    }
  }
}

extension SealedRow {
  fileprivate func lease(_ session: Int, _ lease: Int) throws(RowError) -> LedgerRecords.LeaseName {
    LedgerRecords.LeaseName(session: try int(session), lease: try int(lease))
  }

  fileprivate func digest(_ index: Int) throws(RowError) -> TensorDigest {
    guard let digest = TensorDigest(hexadecimal: try text(index)) else { throw RowError(row: name, table: table) }
    return digest
  }
}

extension LeasedWork {
  /// The work of a row of `attempts`.
  fileprivate init(_ row: SealedRow) throws(RowError) {
    let (step, first, last) = (try row.optionalInt(5), try row.optionalInt(6), try row.optionalInt(7))
    switch (Kind(rawValue: try row.text(4)), step, first, last) {
    case (.training, let step?, nil, nil): self = .training(from: step)
    case (.microBatches, let step?, let first?, let last?) where first <= last && last < .max:
      self = .microBatches(step: step, first..<last + 1)
    case (.blocks, nil, let first?, let last?) where first <= last && last < .max: self = .blocks(first..<last + 1)
    default: throw RowError(row: row.name, table: row.table)
    }
  }
}

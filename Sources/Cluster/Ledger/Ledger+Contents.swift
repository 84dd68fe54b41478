internal import Foundation
internal import GRDB
package import Support

// What is recorded at once, and what can be asked for.
extension Ledger {
  /// Records what the audit's runs must come to.
  package func record(_ planned: [PlannedRecord]) throws(LedgerError) {
    try write { writer in
      for run in planned {
        try writer.insertIfAbsent(
          [run.run, run.members, run.epochs, run.batch, run.microBatch, run.logits], into: .planned)
      }
    }
  }

  /// Records that a run is done, behind all its steps.
  package func record(_ run: CompletedRun) throws(LedgerError) {
    try flush()
    try write { writer in
      try writer.put(
        [run.run, try JSONEncoder().encode(run.losses), run.logits.withUnsafeBytes { Data($0) }, run.divergedAt],
        into: .completed)
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

  /// Adds to what a phase of an arm has cost.
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

  /// Everything spent, in the order of arms and phases by name.
  package func costs() throws(LedgerError) -> [CostRecord] {
    let rows = try rows(of: .costs, "ORDER BY arm, phase")
    return try value { try rows.map { try CostRecord($0) } }
  }

  /// The fingerprint of the first worker that ever joined; nil before there was one.
  package func firstFingerprint() throws(LedgerError) -> String? {
    let rows = try rows(of: .members, "ORDER BY joined_at LIMIT 1")
    return try value { try rows.first?.text(5) }
  }

  /// The digest of a run's parameters after a step; nil when the step is not committed.
  package func parameters(run: String, step: Int) throws(LedgerError) -> TensorDigest? {
    let rows = try rows(of: .steps, "WHERE run = ? AND step = ?", arguments: [run, step])
    return try value { try rows.first.flatMap { TensorDigest(hexadecimal: try $0.text(5)) } }
  }

  /// How many steps are committed.
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
    guard let losses = try? JSONDecoder().decode([Double].self, from: try row.data(1)) else {
      throw RowError(row: row.name, table: row.table)
    }
    self.init(run: try row.text(0), losses: losses, logits: logits, divergedAt: try row.optionalInt(3))
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

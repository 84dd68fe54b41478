internal import Foundation
internal import GRDB
package import Hashing

// What is recorded at once, and what can be asked for.
extension Ledger {
  /// Records what the audit's runs must come to.
  package func record(_ planned: [PlannedRecord]) throws(LedgerError) {
    try write { database in
      for run in planned {
        try database.execute(
          sql: "INSERT OR IGNORE INTO planned VALUES (?, ?, ?, ?, ?)",
          arguments: [run.run, run.members, run.epochs, run.batch, run.microBatch])
      }
    }
  }

  /// Records that a run is done, behind all its steps.
  package func record(_ run: CompletedRun) throws(LedgerError) {
    try flush()
    try write { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO completed (run, losses, logits, diverged_at) VALUES (?, ?, ?, ?)",
        arguments: [
          run.run, try JSONEncoder().encode(run.losses), run.logits.withUnsafeBytes { Data($0) }, run.divergedAt,
        ])
    }
  }

  /// The runs that are done, by name.
  package func completedRuns() throws(LedgerError) -> [String: CompletedRun] {
    try read { database in
      var runs: [String: CompletedRun] = [:]
      for row in try Row.fetchAll(database, sql: "SELECT run, losses, logits, diverged_at FROM completed") {
        let (name, losses, logits): (String, Data, Data) = (row[0], row[1], row[2])
        let floats = logits.withUnsafeBytes { bytes in
          (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        }
        runs[name] = CompletedRun(
          run: name, losses: try JSONDecoder().decode([Double].self, from: losses), logits: floats,
          divergedAt: row[3] as Int?)
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

  /// The fingerprint of the first worker that ever joined; nil before there was one.
  package func firstFingerprint() throws(LedgerError) -> String? {
    try read { try String.fetchOne($0, sql: "SELECT fingerprint FROM members ORDER BY joined_at LIMIT 1") }
  }

  /// The digest of a run's parameters after a step; nil when the step is not committed.
  package func parameters(run: String, step: Int) throws(LedgerError) -> TensorDigest? {
    try read { database in
      try String.fetchOne(
        database, sql: "SELECT parameters FROM steps WHERE run = ? AND step = ?", arguments: [run, step])
    }.flatMap { TensorDigest(hexadecimal: $0) }
  }

  /// How many steps are committed.
  package func stepCount() throws(LedgerError) -> Int {
    try read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM steps") ?? 0 }
  }
}

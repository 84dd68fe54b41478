internal import Foundation
internal import Ledger
internal import Planning
internal import Report
internal import Scheduler
internal import Specification
internal import Synchronization

/// Predictions, results, tables and report, from the outputs of the runs and the ledger.
struct AuditResults: Sendable {
  let inputs: AuditInputs
  /// By the run's position in the plan.
  let completed: [Int: FinishedRun]
  let output: OutputFolder
  /// Local workers that the audit was run with.
  let workers: Int

  /// Evaluates everything and writes it.
  func write() throws -> AuditOutcome {
    for file in PredictionTables.files(inputs: inputs, completed: completed) {
      try output.write(file.bytes, to: file.path)
    }
    let evidence = AuditEvidence(inputs: inputs, completed: completed)
    var report = try evidence.report(costs: output.ledger.costs(), workers: workers)
    if let measured = writtenCosts, measured.costs == report.costs { report.workers = measured.workers }
    if let policy = inputs.specification.policy { report.judge(policy) }
    let exposed = report.privacy.isEmpty ? [] : [report.exposedItemsFile()]
    let notes = report.dataNotes.isEmpty ? [] : [report.dataNotesFile()]
    for file in try report.files() + exposed + notes { try output.write(file.bytes, to: file.path) }
    return AuditOutcome(verdicts: report.verdictLines() + report.noteLines, report: "\(output.path)/report.html")
  }

  /// The costs.json of an earlier session; still valid if nothing was computed since.
  private var writtenCosts: Costs? {
    FileManager.default.contents(atPath: "\(output.path)/costs.json").flatMap { try? Costs($0) }
  }

  /// Writes on a thread of its own.
  ///
  /// - Parameter meanwhile: called repeatedly until the files are written.
  func write(meanwhile: () throws -> Void) throws -> AuditOutcome {
    let pending = PendingOutcome()
    let thread = Thread {
      pending.end(Result { () throws(AuditError) in try AuditError.wrapping(.failure) { try write() } })
    }
    thread.name = "results"
    thread.start()
    while true {
      if let outcome = pending.outcome { return try outcome.get() }
      try meanwhile()
    }
  }
}

/// The result of a thread.
private final class PendingOutcome: Sendable {
  private let result = Mutex<Result<AuditOutcome, AuditError>?>(nil)

  func end(_ outcome: Result<AuditOutcome, AuditError>) { result.withLock { $0 = outcome } }

  var outcome: Result<AuditOutcome, AuditError>? { result.withLock { $0 } }
}

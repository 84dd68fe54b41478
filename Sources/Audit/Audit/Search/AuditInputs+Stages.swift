internal import Foundation
internal import Ledger
internal import Planning
internal import Scheduler
internal import Support

extension AuditInputs {
  /// The stage whose plan has this digest: the search, or the audit with what a search in `output` has chosen; these inputs
  /// themselves where it is neither.
  package func stage(ofPlan hash: String, output: String) throws -> AuditInputs {
    guard plan.hash.description != hash, let search = try forSearch() else { return self }
    if search.plan.hash.description == hash { return search }
    let file = "\(output)/search/ledger.sqlite"
    guard FileManager.default.fileExists(atPath: file) else { return self }
    let ledger = try ReadOnlyLedger(file: file)
    // What another search has chosen says nothing of this one.
    guard ledger.plan == search.plan.hash.description else { return self }
    let completed = try search.finishedRuns(ledger.completed, ledger: file)
    return try settled(by: SearchOutcome(search, completed: completed, costs: ledger.costs))
  }

  /// The runs of the plan that a ledger says are done, by their position.
  ///
  /// - Parameters:
  ///   - done: by name.
  ///   - file: the ledger's.
  func finishedRuns(_ done: [String: CompletedRun], ledger file: String) throws(AuditError) -> [Int: FinishedRun] {
    var completed: [Int: FinishedRun] = [:]
    for (index, run) in plan.runs.enumerated() {
      guard let found = done[run.identifier.description] else { continue }
      guard
        let finished = FinishedRun(
          run, losses: found.losses, numbers: found.logits, divergedAt: found.divergedAt)
      else {
        throw AuditError(
          .failure, "\(file): the predictions of \(found.run) are damaged; choose another --output")
      }
      completed[index] = finished
    }
    return completed
  }
}

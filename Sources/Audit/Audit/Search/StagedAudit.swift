internal import Foundation
internal import Ledger
internal import Planning
internal import Scheduler
internal import Support
internal import Synchronization

/// An audit, preceded by the search for every arm's settings if its specification has one.
///
/// The search is an audit of its own in the folder `search` of the output, with its own plan and ledger, so that it is
/// resumed and verified like any other; its choice is a function of its predictions alone.
package final class StagedAudit: Sendable {
  private struct Handle {
    var stop: (@Sendable () -> Void)?
    var abort: (@Sendable () -> Void)?
    var isStopping = false
  }

  private let inputs: AuditInputs
  private let options: AuditOptions
  private let handle = Mutex(Handle())

  package init(inputs: AuditInputs, options: AuditOptions) {
    (self.inputs, self.options) = (inputs, options)
  }

  /// Stops soon, from any thread; what was done so far is kept.
  package func stop() {
    let stop = handle.withLock {
      $0.isStopping = true
      return $0.stop
    }
    stop?()
  }

  /// Ends this process at once, from any thread; nothing committed is lost.
  package func abort() { handle.withLock { $0.abort }?() }

  /// - Parameters:
  ///   - show: is called with the progress, on the calling thread.
  ///   - announce: is called before each stage with what it will do and where workers connect.
  package func run(
    show: @escaping (AuditProgress) -> Void, announce: (_ summary: String, _ address: String) -> Void
  ) throws(AuditError) -> AuditOutcome {
    var inputs = inputs
    if let search = try AuditError.wrapping(.configuration, { try inputs.forSearch() }) {
      var options = options
      options.administered = options.output
      options.output += "/search"
      let outcome = try stage(search, options, show, announce) { session throws(AuditError) in
        try session.search()
      }
      inputs = try AuditError.wrapping(.configuration) { [inputs] in try inputs.settled(by: outcome) }
    }
    return try stage(inputs, options, show, announce) { session throws(AuditError) in try session.run() }
  }

  private func stage<Outcome>(
    _ inputs: AuditInputs, _ options: AuditOptions, _ show: @escaping (AuditProgress) -> Void,
    _ announce: (_ summary: String, _ address: String) -> Void,
    _ body: (AuditSession) throws(AuditError) -> Outcome
  ) throws(AuditError) -> Outcome {
    let session = try AuditSession(inputs: inputs, options: options, show: show)
    announce(inputs.summary, session.address)
    let (stop, abort) = (session.stop, session.abort)
    let isStopping = handle.withLock {
      ($0.stop, $0.abort) = (stop, abort)
      return $0.isStopping
    }
    if isStopping { stop() }
    defer { handle.withLock { ($0.stop, $0.abort) = (nil, nil) } }
    return try body(session)
  }
}

extension AuditInputs {
  /// The stage whose plan has this digest: the search, or the audit with what a search in `output` has chosen; these
  /// inputs themselves where it is neither.
  package func stage(ofPlan hash: String, output: String) throws -> AuditInputs {
    guard plan.hash.description != hash, let search = try forSearch() else { return self }
    if search.plan.hash.description == hash { return search }
    let file = "\(output)/search/ledger.sqlite"
    guard FileManager.default.fileExists(atPath: file) else { return self }
    let ledger = try ReadOnlyLedger(file: file)
    // The choice of another search does not hold for this one.
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
          run, losses: found.losses, numbers: found.logits, validationLosses: found.validationLosses,
          divergedAt: found.divergedAt)
      else {
        throw AuditError(
          .failure, "\(file): the predictions of \(found.run) are damaged; choose another --output")
      }
      completed[index] = finished
    }
    return completed
  }
}

internal import Planning
internal import Synchronization

/// An audit, and before it the search for every arm's settings where its specification asks for one.
///
/// The search is an audit of its own in the folder `search` of the output, with its own plan and ledger, so that it is gone
/// on with and verified as any other; what it chooses is a function of its predictions alone.
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

  /// Ends soon, from any thread; what was done so far is kept.
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
  ///   - show: told, on the calling thread, how far it is.
  ///   - announce: told of every stage before it begins: what it will do, and where workers connect.
  package func run(
    show: @escaping (AuditProgress) -> Void, announce: (_ summary: String, _ address: String) -> Void
  ) throws(AuditError) -> AuditOutcome {
    var inputs = inputs
    if let search = try AuditError.wrapping(.configuration, { try inputs.forSearch() }) {
      var options = options
      options.administered = options.output
      options.output += "/search"
      let outcome = try stage(search, options, show, announce) { coordinator throws(AuditError) in
        try coordinator.search()
      }
      inputs = try AuditError.wrapping(.configuration) { [inputs] in try inputs.settled(by: outcome) }
    }
    return try stage(inputs, options, show, announce) { coordinator throws(AuditError) in try coordinator.run() }
  }

  private func stage<Outcome>(
    _ inputs: AuditInputs, _ options: AuditOptions, _ show: @escaping (AuditProgress) -> Void,
    _ announce: (_ summary: String, _ address: String) -> Void,
    _ body: (Coordinator) throws(AuditError) -> Outcome
  ) throws(AuditError) -> Outcome {
    let coordinator = try Coordinator(inputs: inputs, options: options, show: show)
    announce(inputs.summary, coordinator.address)
    let (stop, abort) = (coordinator.stop, coordinator.abort)
    let isStopping = handle.withLock {
      ($0.stop, $0.abort) = (stop, abort)
      return $0.isStopping
    }
    if isStopping { stop() }
    defer { handle.withLock { ($0.stop, $0.abort) = (nil, nil) } }
    return try body(coordinator)
  }
}

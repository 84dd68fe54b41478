internal import Foundation
internal import Ledger
internal import Scheduler
internal import Support

/// Records committed steps in the ledger. Digests are computed on a queue of its own, in parallel with the next step.
///
/// Sendable because `lock` guards what changes.
final class StepRecorder: @unchecked Sendable {
  private let ledger: Ledger
  private let queue = DispatchQueue(label: "digests", qos: .userInitiated)
  private let lock = NSLock()
  /// The number of steps of each run whose digests are not computed yet.
  private var pending: [Int: Int] = [:]
  /// The actions that wait until no digest of a run is pending.
  private var waiting: [Int: [@Sendable () -> Void]] = [:]
  private var failure: (any Error)?

  init(ledger: Ledger) {
    self.ledger = ledger
  }

  /// - Throws: the error that an earlier step ran into.
  func record(_ step: CommittedStep, run: String) throws {
    try lock.withLock {
      if let failure { throw failure }
      pending[step.run, default: 0] += 1
    }
    queue.async { [self] in
      let (gradient, parameters) =
        switch step.result {
        case .buffers(let gradient, let parameters):
          (TensorDigest(of: gradient.floats), TensorDigest(of: parameters.floats))
        case .digests(let gradient, let parameters): (gradient, parameters)
        }
      let record = StepRecord(
        run: run, step: step.step, samples: step.samples, lossSum: step.lossSum, gradient: gradient,
        parameters: parameters,
        deliveries: step.deliveries.map {
          .init(units: $0.units, member: $0.worker.description, lease: $0.lease)
        })
      var problem: (any Error)?
      do throws(LedgerError) { try ledger.record(record) } catch { problem = error }
      let bodies = lock.withLock { () -> [@Sendable () -> Void] in
        failure = failure ?? problem
        pending[step.run, default: 1] -= 1
        return pending[step.run] == 0 ? waiting.removeValue(forKey: step.run) ?? [] : []
      }
      for body in bodies { body() }
    }
  }

  /// Whether the parameters of a run may change: whether no digest needs them any more. Where one does, `later` is
  /// called when it does not, on another thread.
  func isUnread(run: Int, later body: @escaping @Sendable () -> Void) -> Bool {
    lock.withLock {
      if pending[run, default: 0] == 0 { return true }
      waiting[run, default: []].append(body)
      return false
    }
  }

  /// Waits until every step is durable.
  func flush() throws {
    queue.sync {}
    try lock.withLock { if let failure { throw failure } }
    try ledger.flush()
  }
}

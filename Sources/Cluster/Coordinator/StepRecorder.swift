internal import Foundation
internal import Ledger
internal import Scheduler
internal import Support
internal import Synchronization

/// Puts committed steps down in the ledger. Digests are made on a queue of its own, beside the next step.
///
/// Sendable because what changes lies behind `condition`.
final class StepRecorder: @unchecked Sendable {
  private let ledger: Ledger
  private let queue = DispatchQueue(label: "digests", qos: .userInitiated)
  private let condition = NSCondition()
  /// Steps of each run whose digests are not made yet.
  private var pending: [Int: Int] = [:]
  private var failure: (any Error)?

  init(ledger: Ledger) {
    self.ledger = ledger
  }

  /// - Throws: what an earlier step ran into.
  func record(_ step: CommittedStep, run: String) throws {
    try condition.withLock {
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
          .init(units: $0.units, member: $0.member.description, lease: $0.lease)
        })
      var problem: (any Error)?
      do throws(LedgerError) { try ledger.record(record) } catch { problem = error }
      condition.withLock {
        failure = failure ?? problem
        pending[step.run, default: 1] -= 1
        condition.broadcast()
      }
    }
  }

  /// Waits until the parameters of a run may change: until nobody reads them for their digest.
  func wait(for run: Int) {
    condition.withLock { while pending[run, default: 0] > 0 { condition.wait() } }
  }

  /// Waits until every step is durable.
  func flush() throws {
    queue.sync {}
    try condition.withLock { if let failure { throw failure } }
    try ledger.flush()
  }
}

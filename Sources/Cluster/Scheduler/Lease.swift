/// One incarnation of a worker: a worker that comes back has another identifier.
package struct WorkerIdentifier: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }

  package static func < (left: WorkerIdentifier, right: WorkerIdentifier) -> Bool {
    left.description < right.description
  }
}

/// Events of one worker, and the passing of time. Both state machines take these.
package enum ClusterEvent: Sendable {
  /// The worker has everything that it needs to take part.
  case joined(WorkerIdentifier)
  /// It said goodbye, its process ended, or it cannot be reached.
  case left(WorkerIdentifier)
  /// It should finish what it holds and be assigned nothing more.
  case draining(WorkerIdentifier)
  /// A message came from it.
  case heard(WorkerIdentifier)
  /// It cannot or need not do the lease.
  case gaveBack(lease: Int, WorkerIdentifier)
  /// To be sent several times a second.
  case timePassed
}

/// Units of work that must all be done before their run can continue: the micro-batches of one step, or the blocks of
/// one evaluation.
package struct Round: Hashable, Sendable, CustomStringConvertible {
  /// The run's position in the plan.
  package var run: Int
  package var kind: Kind

  package enum Kind: Hashable, Sendable {
    case step(Int)
    case evaluation
    /// A point of the validation curve.
    case validation
  }

  package init(run: Int, kind: Kind) {
    self.run = run
    self.kind = kind
  }

  package var description: String {
    switch kind {
    case .step(let step): "step \(step) of run \(run)"
    case .evaluation: "evaluation of run \(run)"
    case .validation: "validation of run \(run)"
    }
  }

  package var isStep: Bool { if case .step = kind { true } else { false } }
}

/// Work that is assigned to one worker.
package struct Lease: Hashable, Sendable, CustomStringConvertible {
  package let identifier: Int
  package let run: Int
  package let work: Work
  package let worker: WorkerIdentifier
  /// For an exclusive run, the step before which it ends: the end of the run, or a step that needs a replica.
  package let end: Int?

  init(identifier: Int, run: Int, work: Work, worker: WorkerIdentifier, end: Int? = nil) {
    self.identifier = identifier
    self.run = run
    self.work = work
    self.worker = worker
    self.end = end
  }

  package enum Work: Hashable, Sendable, CustomStringConvertible {
    /// Consecutive units of one round.
    case units(Round, Range<Int>)
    /// An exclusive run: its training from this step on, with reduction and optimizer.
    case training(from: Int)

    /// "step 3, micro-batches 0 to 3"
    package var description: String {
      switch self {
      case .training(let step): "training from step \(step)"
      case .units(let round, let units):
        switch round.kind {
        case .step(let step): "step \(step), micro-batches \(units.lowerBound) to \(units.upperBound - 1)"
        case .evaluation: "evaluation, blocks \(units.lowerBound) to \(units.upperBound - 1)"
        case .validation: "validation, blocks \(units.lowerBound) to \(units.upperBound - 1)"
        }
      }
    }
  }

  /// The round of the units; nil for an exclusive run.
  package var round: Round? {
    if case .units(let round, _) = work { round } else { nil }
  }

  package var description: String { work.description }

  /// The units; nil for an exclusive run.
  package var units: Range<Int>? {
    if case .units(_, let units) = work { units } else { nil }
  }
}

/// The timeouts of the cluster.
package struct ClusterTiming: Sendable {
  /// After this long without a message, three heartbeats, a worker is silent: its work is reassigned.
  package var silenceLimit: Duration
  /// After this long without a message a worker is expelled.
  package var expulsionLimit: Duration
  /// No lease is overdue before this.
  package var shortestLease: Duration
  /// No lease of a worker's first is overdue before this: the worker must build a model first.
  package var firstLease: Duration

  package init(
    silenceLimit: Duration = .milliseconds(1_500), expulsionLimit: Duration = .seconds(30),
    shortestLease: Duration = .seconds(2), firstLease: Duration = .seconds(60)
  ) {
    self.silenceLimit = silenceLimit
    self.expulsionLimit = expulsionLimit
    self.shortestLease = shortestLease
    self.firstLease = firstLease
  }
}

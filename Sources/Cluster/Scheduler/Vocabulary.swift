/// One incarnation of a worker; a worker that comes back is another member.
package struct Member: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }

  package static func < (left: Member, right: Member) -> Bool { left.description < right.description }
}

/// Units of work that must all be done before their run goes on: the micro-batches of one step, or the blocks of one
/// evaluation.
package struct Round: Hashable, Sendable, CustomStringConvertible {
  /// The run's position in the plan.
  package var run: Int
  package var kind: Kind

  package enum Kind: Hashable, Sendable {
    case step(Int)
    case evaluation
  }

  package init(run: Int, kind: Kind) {
    self.run = run
    self.kind = kind
  }

  package var description: String {
    switch kind {
    case .step(let step): "step \(step) of run \(run)"
    case .evaluation: "evaluation of run \(run)"
    }
  }

  var isStep: Bool { kind != .evaluation }
}

/// Work lent to one member.
package struct Lease: Hashable, Sendable, CustomStringConvertible {
  package let identifier: Int
  package let run: Int
  package let work: Work
  package let member: Member
  /// Of a whole run, one past the last step to be done: the end of the run, or a step that more than one member must do.
  package let end: Int?

  init(identifier: Int, run: Int, work: Work, member: Member, end: Int? = nil) {
    self.identifier = identifier
    self.run = run
    self.work = work
    self.member = member
    self.end = end
  }

  package enum Work: Hashable, Sendable, CustomStringConvertible {
    /// Consecutive units of one round.
    case units(Round, Range<Int>)
    /// The training of the run from this step on, with reduction and optimizer.
    case training(from: Int)

    /// "step 3, micro-batches 0 to 3"
    package var description: String {
      switch self {
      case .training(let step): "training from step \(step)"
      case .units(let round, let units):
        switch round.kind {
        case .step(let step): "step \(step), micro-batches \(units.lowerBound) to \(units.upperBound - 1)"
        case .evaluation: "evaluation, blocks \(units.lowerBound) to \(units.upperBound - 1)"
        }
      }
    }
  }

  /// The round whose units are lent; nil for a whole run.
  package var round: Round? {
    if case .units(let round, _) = work { round } else { nil }
  }

  package var description: String { work.description }

  /// The units that are lent; nil for a whole run.
  package var units: Range<Int>? {
    if case .units(_, let units) = work { units } else { nil }
  }
}

/// How patient the cluster is.
package struct ClusterTiming: Sendable {
  /// A member that was not heard of for this long, three heartbeats, gets nothing more, and its work is lent again.
  package var silenceLimit: Duration
  /// A member that was not heard of for this long is given up.
  package var expulsionLimit: Duration
  /// No lease is overdue before this.
  package var shortestLease: Duration
  /// When a lease is overdue while nothing was delivered yet: a model must be built first.
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

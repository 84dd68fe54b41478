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
package struct Round: Hashable, Sendable {
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
}

/// Consecutive units of one round, lent to one member.
package struct Lease: Hashable, Sendable {
  package let identifier: Int
  package let round: Round
  package let units: Range<Int>
  package let member: Member
}

/// How patient the cluster is.
package struct ClusterTiming: Sendable {
  /// A member that was not heard of for this long is given up.
  package var silenceLimit: Duration
  /// A lease lasts at least this long, and longer where units were seen to take longer.
  package var shortestLease: Duration

  package init(silenceLimit: Duration = .seconds(2), shortestLease: Duration = .seconds(30)) {
    self.silenceLimit = silenceLimit
    self.shortestLease = shortestLease
  }
}

package import Support

/// Everything that a ledger says of who did what, and the states beside it: what a verification looks at.
package struct LedgerRecords: Sendable, Equatable {
  /// The plan's digest in hexadecimal digits.
  package var plan = ""
  /// The path of the specification that was started last.
  package var specification: String?
  package var sessions: [Session] = []
  package var planned: [PlannedRecord] = []
  package var members: [Incarnation] = []
  package var attempts: [Attempt] = []
  package var deliveries: [Delivery] = []
  package var steps: [Step] = []
  package var applied: [Applied] = []
  package var completed: [Completed] = []
  package var states: [State] = []
  /// Rows and files that are not what was written.
  package var damage: [LedgerFinding] = []

  package init() {}

  /// From the start of a coordinator to its end.
  package struct Session: Sendable, Equatable {
    package var session: Int
    package var began: Double
    /// nil when it was killed, or still runs.
    package var ended: Double?
  }

  /// A worker's incarnation that delivered something.
  package struct Incarnation: Sendable, Equatable {
    package var member: String
    package var session: Int
    package var name: String
    package var fingerprint: String
  }

  /// The name of a lease.
  package struct LeaseName: Hashable, Sendable, CustomStringConvertible {
    package var session: Int
    package var lease: Int

    package var description: String { "lease \(lease) of session \(session)" }
  }

  /// Work that was lent.
  package struct Attempt: Sendable, Equatable {
    package var name: LeaseName
    package var member: String
    package var run: String
    package var work: LeasedWork
    /// Seconds since 1970.
    package var at: Double
  }

  /// The first thing that came for a lease.
  package struct Delivery: Sendable, Equatable {
    package var name: LeaseName
    package var at: Double
  }

  package struct Step: Sendable, Equatable {
    package var run: String
    package var step: Int
    package var samples: Int
    package var lossSum: Double
    package var gradient: TensorDigest
    package var parameters: TensorDigest
  }

  /// Micro-batches of a step that one delivery brought, and that counted.
  package struct Applied: Sendable, Equatable {
    package var run: String
    package var step: Int
    package var first: Int
    package var last: Int
    package var member: String
    package var name: LeaseName
  }

  package struct Completed: Sendable, Equatable {
    package var run: String
    package var losses: [Double]
    package var logits: Int
    package var areFinite: Bool
    package var divergedAt: Int?
  }

  /// A state file that is whole.
  package struct State: Sendable, Equatable {
    package var run: String
    /// The step that it stands before.
    package var step: Int
    package var parameters: TensorDigest
    package var divergedAt: Int?
  }
}

/// Something that does not hold.
package struct LedgerFinding: Error, Sendable, Equatable, CustomStringConvertible {
  package var run: String?
  package var step: Int?
  package var found: String
  package var expected: String?

  package init(run: String? = nil, step: Int? = nil, _ found: String, expected: String? = nil) {
    self.run = run
    self.step = step
    self.found = found
    self.expected = expected
  }

  package var description: String {
    let place = [run, step.map { "step \($0)" }].compactMap(\.self).joined(separator: ", ")
    return (place.isEmpty ? "" : "\(place): ") + found + (expected.map { "; expected \($0)" } ?? "")
  }
}

/// What a ledger holds, in numbers.
package struct LedgerCounts: Sendable, Equatable {
  package var sessions = 0
  /// Sessions that did not end by themselves, of those that are over.
  package var interruptedSessions = 0
  package var incarnations = 0
  package var runs = 0
  package var completedRuns = 0
  package var divergedRuns = 0
  package var steps = 0
  package var microBatches = 0
  package var samples = 0
  /// Leases of training, and how they ended.
  package var attempts = 0
  package var applied = 0
  /// Something came, but its work had been applied before, or was under another lease.
  package var duplicates = 0
  /// Nothing came.
  package var lost = 0
  /// Leases of evaluation.
  package var evaluations = 0
  package var states = 0
  /// States that are ahead of the ledger; they are not gone on from.
  package var statesAhead = 0

  package init() {}
}

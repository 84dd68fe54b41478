package import Support

/// A planned run: the totals that its steps must add up to.
package struct PlannedRecord: Sendable, Equatable {
  package var run: String
  /// Items it is trained on, each once per epoch.
  package var members: Int
  package var epochs: Int
  /// Samples a step and a micro-batch.
  package var batch: Int
  package var microBatch: Int
  /// Logits of all its evaluations.
  package var logits: Int

  package init(run: String, members: Int, epochs: Int, batch: Int, microBatch: Int, logits: Int) {
    self.run = run
    self.members = members
    self.epochs = epochs
    self.batch = batch
    self.microBatch = microBatch
    self.logits = logits
  }
}

/// One committed training step.
package struct StepRecord: Sendable, Equatable {
  package var run: String
  package var step: Int
  package var samples: Int
  package var lossSum: Double
  /// The digests of the reduced gradient, and of the parameters after the step.
  package var gradient: TensorDigest
  package var parameters: TensorDigest
  /// The micro-batches that each worker delivered.
  package var deliveries: [Delivered]

  /// The units of a step in one delivery.
  package struct Delivered: Sendable, Equatable {
    package var units: Range<Int>
    package var member: String
    /// The number of the lease in its session.
    package var lease: Int

    package init(units: Range<Int>, member: String, lease: Int) {
      self.units = units
      self.member = member
      self.lease = lease
    }
  }

  package init(
    run: String, step: Int, samples: Int, lossSum: Double, gradient: TensorDigest, parameters: TensorDigest,
    deliveries: [Delivered]
  ) {
    self.run = run
    self.step = step
    self.samples = samples
    self.lossSum = lossSum
    self.gradient = gradient
    self.parameters = parameters
    self.deliveries = deliveries
  }
}

/// Work that was assigned, whether or not it was delivered.
package struct AttemptRecord: Sendable, Equatable {
  /// The number of the lease in its session.
  package var lease: Int
  package var member: String
  package var run: String
  package var work: LeasedWork

  package init(lease: Int, member: String, run: String, work: LeasedWork) {
    self.lease = lease
    self.member = member
    self.run = run
    self.work = work
  }
}

/// The work of a lease.
package enum LeasedWork: Hashable, Sendable {
  /// The whole run from this step on.
  case training(from: Int)
  case microBatches(step: Int, Range<Int>)
  /// Blocks of an evaluation.
  case blocks(Range<Int>)

  enum Kind: String {
    case training
    case microBatches = "micro-batches"
    case blocks
  }
}

/// One incarnation of a worker.
package struct MemberRecord: Sendable, Equatable {
  package var member: String
  package var name: String
  package var host: String
  package var process: Int
  package var fingerprint: String

  package init(member: String, name: String, host: String, process: Int, fingerprint: String) {
    self.member = member
    self.name = name
    self.host = host
    self.process = process
    self.fingerprint = fingerprint
  }
}

/// A run that is done, with its result.
package struct CompletedRun: Sendable, Equatable {
  package var run: String
  /// Mean training loss of every epoch.
  package var losses: [Double]
  /// Flat Float32 logits of the evaluated items, of one evaluation after another.
  package var logits: [Float]
  /// The loss of the validation items at the points of the validation curve that were reached.
  package var validationLosses: [Double]
  /// The step whose gradient was not finite, if any.
  package var divergedAt: Int?

  package init(
    run: String, losses: [Double], logits: [Float], validationLosses: [Double] = [], divergedAt: Int? = nil
  ) {
    self.run = run
    self.losses = losses
    self.logits = logits
    self.validationLosses = validationLosses
    self.divergedAt = divergedAt
  }
}

/// The cost of one phase of one arm, over all sessions.
package struct CostRecord: Sendable, Equatable {
  package var arm: String
  package var phase: String
  package var wallSeconds = 0.0
  package var workerSeconds = 0.0
  package var processorSeconds = 0.0
  package var coordinatorProcessorSeconds = 0.0
  package var bytesSent = 0
  package var bytesReceived = 0
  package var peakResidentBytes = 0

  package init(arm: String, phase: String) {
    self.arm = arm
    self.phase = phase
  }

  /// Adds the cost of another session for the same phase.
  package mutating func add(_ other: CostRecord) {
    wallSeconds += other.wallSeconds
    workerSeconds += other.workerSeconds
    processorSeconds += other.processorSeconds
    coordinatorProcessorSeconds += other.coordinatorProcessorSeconds
    bytesSent += other.bytesSent
    bytesReceived += other.bytesReceived
    peakResidentBytes = max(peakResidentBytes, other.peakResidentBytes)
  }
}

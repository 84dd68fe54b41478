package import Support

/// A run as it was planned: what its steps must add up to.
package struct PlannedRecord: Sendable, Equatable {
  package var run: String
  /// Items it is trained on, each once an epoch.
  package var members: Int
  package var epochs: Int
  /// Samples a step and a micro-batch.
  package var batch: Int
  package var microBatch: Int
  /// Logits that its evaluations come to.
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
  /// Of the reduced gradient, and of the parameters after the step.
  package var gradient: TensorDigest
  package var parameters: TensorDigest
  /// Which member delivered which micro-batches.
  package var deliveries: [Delivered]

  /// Units of a step that one delivery brought.
  package struct Delivered: Sendable, Equatable {
    package var units: Range<Int>
    package var member: String
    /// The number of the lease among those of its session.
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

/// Work that was lent, whether or not anything came of it.
package struct AttemptRecord: Sendable, Equatable {
  /// The number of the lease among those of its session.
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

/// What a lease was of.
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

/// A run that is done, with what it came to.
package struct CompletedRun: Sendable, Equatable {
  package var run: String
  /// Mean training loss of every epoch.
  package var losses: [Double]
  /// Flat Float32 logits of the evaluated items, of one evaluation after another.
  package var logits: [Float]
  /// The step whose gradient was not finite; nil where there was none.
  package var divergedAt: Int?

  package init(run: String, losses: [Double], logits: [Float], divergedAt: Int? = nil) {
    self.run = run
    self.losses = losses
    self.logits = logits
    self.divergedAt = divergedAt
  }
}

/// What one phase of one arm cost, over all sessions that worked on it.
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

  /// Adds what another session spent on the same phase.
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

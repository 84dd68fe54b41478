package import Hashing

/// One committed training step.
package struct StepRecord: Sendable {
  package var run: String
  package var step: Int
  package var samples: Int
  /// Flat Float32; hashed by the ledger, off the critical path.
  package var gradient: [Float]
  package var parameters: [Float]
  /// Which member delivered which micro-batches.
  package var deliveries: [Delivered]

  /// Units of a round that one delivery brought.
  package struct Delivered: Sendable {
    package var units: Range<Int>
    package var member: String

    package init(units: Range<Int>, member: String) {
      self.units = units
      self.member = member
    }
  }

  package init(
    run: String, step: Int, samples: Int, gradient: [Float], parameters: [Float], deliveries: [Delivered]
  ) {
    self.run = run
    self.step = step
    self.samples = samples
    self.gradient = gradient
    self.parameters = parameters
    self.deliveries = deliveries
  }
}

/// A run that is done, with what it came to.
package struct CompletedRun: Sendable, Equatable {
  package var run: String
  /// Mean training loss of every epoch.
  package var losses: [Double]
  /// Flat Float32 logits of the evaluated items.
  package var logits: [Float]

  package init(run: String, losses: [Double], logits: [Float]) {
    self.run = run
    self.losses = losses
    self.logits = logits
  }
}

/// What one phase of one arm cost, over all sittings that worked on it.
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

  /// Adds what another sitting spent on the same phase.
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

/// Why the ledger cannot be read or written.
package enum LedgerError: Error, Sendable, CustomStringConvertible {
  case unreadable(file: String, problem: String)
  case unwritable(file: String, problem: String)
  case otherAudit(file: String, expected: ContentHash, found: String)
  /// A replayed step came to other bits than the ledger holds.
  case replayDiffers(run: String, step: Int, what: String)

  package var description: String {
    switch self {
    case .unreadable(let file, let problem): "\(file): cannot be read: \(problem)"
    case .unwritable(let file, let problem):
      "\(file): cannot be written: \(problem); nothing that was committed is lost, start the same command again"
    case .otherAudit(let file, let expected, let found):
      "\(file): the folder holds another audit (plan \(found.prefix(12))…, not \(expected.description.prefix(12))…); "
        + "choose another --output, or the specification and data that it was made from"
    case .replayDiffers(let run, let step, let what):
      "\(run), step \(step): the \(what) computed again differs from the one in the ledger; "
        + "the processor, libtorch or the number of threads has changed since: go on where the audit was begun"
    }
  }
}

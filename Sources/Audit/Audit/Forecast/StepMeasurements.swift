/// What steps of the audit's methods took on this machine, just now.
package struct StepMeasurements: Sendable, Equatable {
  /// Processes that computed at the same time.
  package var processes: Int
  /// Samples of one micro-batch.
  package var samples: Int
  /// By method; those that could not be measured are missing.
  package var steps: [AuditWorkload.Method: Step]
  /// Seconds that one core takes to read, check and decode every item, measured while this forecast was made.
  package var readingSeconds: Double

  package init(processes: Int, samples: Int, steps: [AuditWorkload.Method: Step], readingSeconds: Double) {
    self.processes = processes
    self.samples = samples
    self.steps = steps
    self.readingSeconds = readingSeconds
  }

  /// What one method takes.
  package struct Step: Sendable, Equatable {
    /// Samples a second that all processes together compute gradients of.
    package var samplesPerSecond: Double
    /// The most that was resident in one process, with its share of the frozen base in full.
    package var residentBytes: Int

    package init(samplesPerSecond: Double, residentBytes: Int) {
      self.samplesPerSecond = samplesPerSecond
      self.residentBytes = residentBytes
    }
  }
}

/// What was measured, or why nothing was.
package enum Calibration: Sendable, Equatable {
  case measured(StepMeasurements)
  case leftOut(reason: String)

  var measurement: StepMeasurements? { if case .measured(let measurement) = self { measurement } else { nil } }
}

/// What this machine has.
package struct Capacity: Sendable, Equatable {
  /// Whole cores that can be kept busy.
  package var cores: Int
  /// Bytes that new processes can have.
  package var availableMemory: Int
  /// Bytes free where results go and where conversions are kept; nil where the system does not tell.
  package var freeOutput: Int?
  package var freeCache: Int?
  /// Whether both lie on one file system, and so share what is free.
  package var sharesDisk: Bool
  /// What the process that has read the specification holds: a coordinator holds as much before its first step.
  package var coordinatorBytes: Int

  package init(
    cores: Int, availableMemory: Int, freeOutput: Int?, freeCache: Int?, sharesDisk: Bool, coordinatorBytes: Int
  ) {
    self.cores = cores
    self.availableMemory = availableMemory
    self.freeOutput = freeOutput
    self.freeCache = freeCache
    self.sharesDisk = sharesDisk
    self.coordinatorBytes = coordinatorBytes
  }
}

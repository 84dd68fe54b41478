package import Optimization
package import Planning
package import Support

// Deliveries of workers and reducers to the audit's state machine, and its outcomes.

/// The results of some units, as a worker delivered them.
package enum DeliveredUnits {
  /// Nodes of the canonical tree over the step's micro-batches. Where the gradients went to reducers, the nodes are
  /// empty and the receipt says what the reducers received.
  case gradients([GradientSum], GradientReceipt? = nil)
  /// Flat logits, item after item.
  case logits([Float])

  /// The digest of everything that must be equal when two workers compute the same units.
  package var digest: TensorDigest {
    switch self {
    case .logits(let logits): TensorDigest(of: logits)
    case .gradients(let nodes, let receipt):
      TensorDigest(
        of: nodes.flatMap { node in
          // All bits of the loss: half of them as one number, half as another.
          let bits = node.lossSum.bitPattern
          let halves = [bits >> 32, bits].map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
          return [TensorDigest(of: node.gradient.floats), TensorDigest(of: halves)]
        } + (receipt?.digests ?? []))
    }
  }

  package var isFinite: Bool {
    switch self {
    case .logits(let logits): logits.allSatisfy(\.isFinite)
    case .gradients(let nodes, let receipt):
      nodes.allSatisfy { $0.lossSum.isFinite && $0.gradient.isFinite } && receipt?.isFinite != false
    }
  }
}

/// The reducers' report about the gradients of a delivery.
package struct GradientReceipt: Sendable, Equatable {
  /// The digests of every node, section by section.
  package var digests: [TensorDigest] = []
  package var isFinite = true

  package init() {}
}

/// Steps of an exclusive run, as its worker delivered them.
package struct DeliveredSteps {
  package var first: Int
  package var steps: [Step]
  /// The state after the last of them; nil if there is none.
  package var state: TrainingState?
  /// Whether the worker has given the run back.
  package var isLast: Bool

  package struct Step: Sendable {
    package var samples: Int
    package var lossSum: Double
    package var gradient: TensorDigest
    package var parameters: TensorDigest
    /// The gradient was not finite; only the last step can be.
    package var isDivergent: Bool

    package init(
      samples: Int, lossSum: Double, gradient: TensorDigest, parameters: TensorDigest, isDivergent: Bool
    ) {
      self.samples = samples
      self.lossSum = lossSum
      self.gradient = gradient
      self.parameters = parameters
      self.isDivergent = isDivergent
    }
  }

  package init(first: Int, steps: [Step], state: TrainingState?, isLast: Bool) {
    self.first = first
    self.steps = steps
    self.state = state
    self.isLast = isLast
  }
}

/// A request to the reducers that hold a run's parameters; it goes to all of them.
package enum ReducerRequest: Sendable, Equatable {
  /// Add the gradients of these leases along the canonical tree over all micro-batches of the step.
  case reduce(step: Int, leases: [Int], microBatches: Int)
  /// Update the parameters by the gradient that was reduced.
  case update(step: Int, SliceUpdate)
  /// Send copies of parameters and moments.
  case collect(step: Int)
  /// Forget the slices; there is no answer.
  case release
}

/// The combined answer of all reducers of a run.
package enum ReducerAnswer: Sendable {
  case reduced(SlicedGradient)
  /// The parameters after the update have this digest.
  case updated(parameters: TensorDigest)
  case collected(parameters: FloatBuffer, TrainingState.Moments)
}

/// A task run between training and evaluation.
package struct TrainedRun: Sendable {
  package let parameters: FloatBuffer
  package let losses: [Double]
  package let validationLosses: [Double]
  package let divergedAt: Int?
}

/// A run that is done.
package struct FinishedRun: Sendable, Equatable {
  /// Mean training loss of every epoch.
  package var losses: [Double]
  /// Flat Float32 logits of the evaluated items.
  package var logits: [Float]
  /// The same after every epoch before the last, where the run is evaluated after every epoch.
  package var traces: [[Float]]
  /// The loss of the validation items at the points of the validation curve that were reached, the last one at the
  /// end; empty without a curve.
  package var validationLosses: [Double]
  /// The step whose gradient was not finite; predictions are those of the parameters before it.
  package var divergedAt: Int?

  package init(
    losses: [Double], logits: [Float], traces: [[Float]] = [], validationLosses: [Double] = [], divergedAt: Int? = nil
  ) {
    self.losses = losses
    self.logits = logits
    self.traces = traces
    self.validationLosses = validationLosses
    self.divergedAt = divergedAt
  }

  /// The finished run with the outputs of all its evaluations, those of the last one first.
  ///
  /// - Returns: nil when the count of outputs, or of validation losses, does not fit the run.
  package init?(
    _ run: PlannedRun, losses: [Double], numbers: [Float], validationLosses: [Double], divergedAt: Int?
  ) {
    let each = run.outputCount
    let points = run.schedule.earlierEvaluationCount(upTo: divergedAt ?? run.schedule.steps)
    guard numbers.count == run.completedOutputCount,
      validationLosses.count == (run.validation == nil ? 0 : points + 1)
    else { return nil }
    self.init(
      losses: losses, logits: Array(numbers.prefix(each)),
      traces: (0..<run.schedule.tracedEpochs).map { Array(numbers[(1 + $0) * each..<(2 + $0) * each]) },
      validationLosses: validationLosses, divergedAt: divergedAt)
  }

  /// The outputs of all its evaluations, those of the last one first.
  package var numbers: [Float] { logits + traces.joined() }
}

/// A step that is done, for the ledger.
package struct CommittedStep: Sendable {
  package let run: Int
  package let step: Int
  package let samples: Int
  package let lossSum: Double
  package let result: Result
  package let deliveries: [Delivered]

  package enum Result: Sendable {
    /// Computed here: digests are made of these before the parameters change again.
    case buffers(gradient: FloatBuffer, parameters: FloatBuffer)
    /// Computed by a worker that had the whole run, or by reducers.
    case digests(gradient: TensorDigest, parameters: TensorDigest)
  }

  /// The units of one delivery.
  package struct Delivered: Sendable, Equatable {
    package var units: Range<Int>
    package var worker: WorkerIdentifier
    package var lease: Int
  }
}

extension PlannedRun {
  /// Samples that the run computes, for progress.
  package var samples: Int {
    schedule.trainingItems.count * schedule.epochs
      + samples(ofEarlierEvaluations: schedule.earlierEvaluationCount(upTo: schedule.steps))
      + samples(of: .evaluation)
  }

  /// The samples of the first `count` evaluations before the last.
  func samples(ofEarlierEvaluations count: Int) -> Int {
    count * samples(of: validation == nil ? .evaluation : .validation)
  }

  /// How many blocks a round of an evaluation has.
  func blockCount(of kind: Round.Kind) -> Int {
    kind == .validation ? schedule.validationBlockCount : schedule.evaluationBlockCount
  }

  /// How many outputs some blocks of an evaluation have.
  package func outputCount(inBlocks blocks: Range<Int>, of kind: Round.Kind) -> Int {
    kind == .validation ? validationOutputCount(inBlocks: blocks) : outputCount(inBlocks: blocks)
  }

  /// Some blocks of an evaluation, as workers number them: those of the validation curve follow all others.
  package func numberedBlocks(_ blocks: Range<Int>, of kind: Round.Kind) -> Range<Int> {
    guard kind == .validation else { return blocks }
    let first = schedule.evaluationBlockCount
    return first + blocks.lowerBound..<first + blocks.upperBound
  }

  /// The samples of one evaluation.
  private func samples(of kind: Round.Kind) -> Int {
    (0..<blockCount(of: kind)).reduce(0) { $0 + samples(ofBlock: $1, of: kind) }
  }

  /// An evaluated sample costs about a third of a trained one.
  func samples(ofBlock block: Int, of kind: Round.Kind) -> Int {
    (kind == .validation
      ? validationItems(ofBlock: block) : schedule.evaluatedPositions(inBlocks: block..<block + 1).count)
      / 3
  }
}

/// Why an audit cannot continue.
package enum AuditFailure: Error, Equatable, Sendable, CustomStringConvertible {
  case notFinite(run: String)
  case replayDiffers(run: String, step: Int, worker: String)

  package var description: String {
    switch self {
    case .notFinite(let run): "\(run): its logits are not finite; lower the learning rate or set training.clip"
    case .replayDiffers(let run, let step, let worker):
      "\(run), step \(step): \(worker) computed different bits than were committed before; one of the machines computes wrongly"
    }
  }
}

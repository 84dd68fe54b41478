package import Planning
package import Support

/// One training run between its first and its last step: parameters, optimizer, and the step that is under way.
///
/// The same code runs in the coordinator, for a run that many workers share, and in a worker that was assigned the
/// whole run, so both produce the same bits. Where reducers hold the parameters in slices, only the arithmetic on
/// losses and counts happens here; the caller passes on what the reducers computed.
package struct TrainingRun: Sendable {
  package let schedule: RunSchedule
  /// Micro-batches of the current step; empty when the run is trained.
  package private(set) var microBatches: [[Int]] = []
  /// The current step, from 0; also the version of the parameters.
  package private(set) var step = 0
  /// Mean loss of every finished epoch.
  package private(set) var losses: [Double] = []
  /// The step whose gradient was not finite; the parameters stay those before it.
  package private(set) var divergedAt: Int?
  /// Logits after each earlier epoch, where the run is evaluated after every epoch.
  package private(set) var traces: [[Float]] = []
  /// The loss of the validation items at each earlier point of the validation curve.
  package private(set) var validationLosses: [Double] = []
  /// Leases whose gradients were added to the current step.
  package private(set) var leases: [Int] = []
  /// Elements of the parameter vector, wherever it is.
  package let parameterCount: Int
  /// Whether reducers hold parameters and moments; the optimizer's buffers are empty then.
  package let isSliced: Bool
  private var optimizer: AdamW
  private var reduction: GradientReduction
  private var order: (epoch: Int, items: [Int])?
  private var epochLoss: TrainingState.EpochLoss
  private let rates: CosineSchedule
  private let clip: Double?

  /// Resumes from `state` and takes its buffers over; a state without moments is one before the first step.
  ///
  /// - Parameter isSliced: whether reducers hold the numbers of `state`, whose buffers are dropped then.
  package init(schedule: RunSchedule, training: OptimizerSettings, state: TrainingState, isSliced: Bool = false) {
    self.schedule = schedule
    self.isSliced = isSliced
    parameterCount = state.parameters.count
    var state = state
    if isSliced {
      state.parameters = []
      state.moments = nil
    }
    let moments =
      state.moments
      ?? TrainingState.Moments(
        first: FloatBuffer(repeating: 0, count: state.parameters.count),
        second: FloatBuffer(repeating: 0, count: state.parameters.count))
    optimizer = AdamW(
      parameters: state.parameters, firstMoment: moments.first, secondMoment: moments.second, steps: state.step,
      weightDecay: training.weightDecay)
    rates = CosineSchedule(peak: schedule.rate, steps: schedule.steps, warmup: training.warmup)
    clip = training.clip
    losses = state.losses
    epochLoss = state.epoch
    divergedAt = state.divergedAt
    traces = state.traces
    validationLosses = state.validationLosses
    reduction = GradientReduction(total: 0, elements: state.parameters.count)
    prepare(step: divergedAt == nil ? state.step : schedule.steps)
    step = state.step
  }

  /// Empty if reducers hold the parameters.
  package var parameters: FloatBuffer { optimizer.parameters }
  package var isTrained: Bool { step >= schedule.steps || divergedAt != nil }
  /// The epoch of the current step, from 0.
  package var epoch: Int { step / max(1, schedule.stepsPerEpoch) }

  /// The state between two steps. Its buffers are the run's own, which the next step changes; they are empty if
  /// reducers hold the numbers.
  package var state: TrainingState {
    var state = TrainingState(
      step: step, parameters: optimizer.parameters,
      moments: .init(first: optimizer.firstMoment, second: optimizer.secondMoment), epoch: epochLoss, losses: losses,
      divergedAt: divergedAt)
    state.traces = traces
    state.validationLosses = validationLosses
    return state
  }

  /// Whether the run must be evaluated before its next step.
  package var isEvaluationDue: Bool {
    let done = traces.count + validationLosses.count
    return !isTrained && step > 0 && done < schedule.earlierEvaluationCount(upTo: step)
      && schedule.stop(after: step - 1) == step
  }

  /// Takes the logits of the evaluation after the epoch that has just ended.
  package mutating func trace(_ evaluation: [Float]) { traces.append(evaluation) }

  /// Takes the loss of the validation items after the step that has just ended.
  package mutating func recordValidation(loss: Double) { validationLosses.append(loss) }

  /// A step that is done.
  package struct Step: Sendable {
    package var number: Int
    package var samples: Int
    package var lossSum: Double
    /// The reduced gradient, summed over the samples; empty if reducers hold it.
    package var gradient: FloatBuffer
    /// Digests of what reducers hold after the step; nil if the numbers are here.
    package var digests: (gradient: TensorDigest, parameters: TensorDigest)?
    /// The loss or the gradient was not finite; the parameters did not change.
    package var isDivergent: Bool
  }

  /// Adds gradients of some micro-batches of the current step.
  ///
  /// - Parameters:
  ///   - lease: the lease that they were computed for; reducers find their parts of the gradients by it.
  ///   - loop: how additions are spread over cores; the bits do not depend on it.
  /// - Throws: `OptimizationError` when a gradient does not fit the step.
  package mutating func add(
    _ nodes: consuming [GradientSum], lease: Int? = nil, in loop: ElementLoop = .serial
  ) throws(OptimizationError) {
    while let node = nodes.popLast() { try reduction.insert(node, in: loop) }
    if let lease { leases.append(lease) }
  }

  /// Ends the current step: clips the gradient and updates the parameters in place with AdamW.
  ///
  /// - Returns: the step; nil while gradients are missing, or where reducers hold the parameters.
  package mutating func finishStep(in loop: ElementLoop = .serial) throws(OptimizationError) -> Step? {
    guard !isSliced, let root = reduction.root else { return nil }
    guard root.lossSum.isFinite, root.gradient.isFinite else { return diverge(root) }
    var scale = 1 / Float(root.samples)
    let rate = rates.rate(step: step)
    if let clip { scale *= Clipping.factor(gradient: root.gradient, scale: scale, limit: clip) }
    try optimizer.apply(gradientSum: root.gradient, scale: scale, rate: rate, in: loop)
    return finish(root, digests: nil)
  }

  /// The update that reducers must make for the gradient that they have reduced; nil if the step diverges, or while
  /// gradients are missing.
  package mutating func update(for gradient: SlicedGradient) -> SliceUpdate? {
    guard isSliced, let root = reduction.root else { return nil }
    guard root.lossSum.isFinite, gradient.isFinite else {
      _ = diverge(root)
      return nil
    }
    var scale = 1 / Float(root.samples)
    if let clip { scale *= Clipping.factor(sectionSquares: gradient.squares, scale: scale, limit: clip) }
    return SliceUpdate(scale: scale, rate: rates.rate(step: step))
  }

  /// Ends the current step, whose update the reducers have made.
  ///
  /// - Returns: the step; nil while gradients are missing, or where the parameters are here.
  package mutating func finishStep(gradient: TensorDigest, parameters: TensorDigest) -> Step? {
    guard isSliced, let root = reduction.root else { return nil }
    return finish(root, digests: (gradient, parameters))
  }

  /// Forgets the gradients that were added for the current step.
  package mutating func restartStep() {
    reduction = GradientReduction(total: microBatches.count, elements: optimizer.parameters.count)
    leases = []
  }

  private mutating func diverge(_ root: GradientSum) -> Step {
    divergedAt = step
    microBatches = []
    reduction = GradientReduction(total: 0, elements: optimizer.parameters.count)
    return Step(
      number: step, samples: root.samples, lossSum: root.lossSum, gradient: root.gradient, isDivergent: true)
  }

  private mutating func finish(
    _ root: GradientSum, digests: (gradient: TensorDigest, parameters: TensorDigest)?
  ) -> Step {
    let finished = Step(
      number: step, samples: root.samples, lossSum: root.lossSum, gradient: root.gradient, digests: digests,
      isDivergent: false)
    epochLoss.sum += root.lossSum
    epochLoss.samples += root.samples
    step += 1
    if step % schedule.stepsPerEpoch == 0 {
      losses.append(epochLoss.sum / Double(max(1, epochLoss.samples)))
      epochLoss = TrainingState.EpochLoss()
    }
    prepare(step: step)
    return finished
  }

  private mutating func prepare(step: Int) {
    leases = []
    guard step < schedule.steps else {
      microBatches = []
      order = nil
      reduction = GradientReduction(total: 0, elements: optimizer.parameters.count)
      return
    }
    let epoch = step / schedule.stepsPerEpoch
    let items: [Int]
    if let order, order.epoch == epoch {
      items = order.items
    } else {
      items = schedule.order(epoch: epoch)
      order = (epoch, items)
    }
    microBatches = schedule.microBatches(step: step % schedule.stepsPerEpoch, order: items)
    reduction = GradientReduction(total: microBatches.count, elements: optimizer.parameters.count)
  }
}

/// The reducers' report about the gradient that they have reduced.
package struct SlicedGradient: Sendable {
  package let digest: TensorDigest
  /// The sums of squares of its sections, in order.
  package let squares: [Double]
  package let isFinite: Bool

  package init(digest: TensorDigest, squares: [Double], isFinite: Bool) {
    (self.digest, self.squares, self.isFinite) = (digest, squares, isFinite)
  }
}

/// One AdamW update by the reduced gradient × `scale`, at learning rate `rate`.
package struct SliceUpdate: Sendable, Equatable {
  package let scale: Float
  package let rate: Double
}

/// Everything that the remaining steps of a run depend on, between two steps.
package struct TrainingState: Sendable, Equatable {
  /// The next step, from 0; also the version of the parameters.
  package var step: Int
  package var parameters: FloatBuffer
  /// AdamW's moments, as long as the parameters; nil before the first update.
  package var moments: Moments?
  /// Losses of the unfinished epoch.
  package var epoch: EpochLoss
  /// Mean loss of every finished epoch.
  package var losses: [Double]
  /// The step whose gradient was not finite; nil if there was none.
  package var divergedAt: Int?
  /// Logits after each finished epoch, oldest first, where the run is evaluated after every epoch; no step depends on
  /// them.
  package var traces: [[Float]] = []
  /// The loss of the validation items at each point of the validation curve that was passed; no step depends on it.
  package var validationLosses: [Double] = []

  package struct Moments: Sendable, Equatable {
    package var first: FloatBuffer
    package var second: FloatBuffer

    package init(first: FloatBuffer, second: FloatBuffer) {
      self.first = first
      self.second = second
    }
  }

  package struct EpochLoss: Sendable, Equatable {
    package var sum = 0.0
    package var samples = 0

    package init(sum: Double = 0, samples: Int = 0) {
      self.sum = sum
      self.samples = samples
    }
  }

  package init(
    step: Int, parameters: FloatBuffer, moments: Moments? = nil, epoch: EpochLoss = EpochLoss(), losses: [Double] = [],
    divergedAt: Int? = nil
  ) {
    self.step = step
    self.parameters = parameters
    self.moments = moments
    self.epoch = epoch
    self.losses = losses
    self.divergedAt = divergedAt
  }

  /// A state from one flat buffer, whose numbers are copied; nil when their count is wrong.
  ///
  /// - Parameters:
  ///   - floats: the parameters and, unless the run is fresh, both moments.
  ///   - isFresh: whether the state is one before the first update and has no moments.
  package init?(step: Int, epoch: EpochLoss, losses: [Double], floats: FloatBuffer, isFresh: Bool = false) {
    let count = isFresh ? floats.count : floats.count / 3
    guard count > 0, isFresh || floats.count == 3 * count else { return nil }
    func piece(_ index: Int) -> FloatBuffer {
      FloatBuffer(copying: floats.pointer, from: index * count, count: count)
    }
    self.init(
      step: step, parameters: piece(0), moments: isFresh ? nil : .init(first: piece(1), second: piece(2)),
      epoch: epoch, losses: losses)
  }

  /// The parameters and, where there are any, both moments.
  package var buffers: [FloatBuffer] { [parameters] + (moments.map { [$0.first, $0.second] } ?? []) }

  /// A copy that later steps do not change.
  package var copy: TrainingState {
    var copy = self
    copy.parameters = FloatBuffer(copying: parameters)
    copy.moments = moments.map {
      Moments(first: FloatBuffer(copying: $0.first), second: FloatBuffer(copying: $0.second))
    }
    return copy
  }
}

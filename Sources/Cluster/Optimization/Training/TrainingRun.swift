package import Planning
package import Support

/// One run between its first step and its last: the parameters, the step that is being worked on, and nothing that
/// knows of workers, sockets or files. The coordinator has one for a run that is shared, a worker for a run that it was
/// lent; both come to the same bits, and so does a run whose numbers lie in slices elsewhere.
package struct TrainingRun {
  package let schedule: RunSchedule
  /// Micro-batches of the current step; empty when the run is trained.
  package private(set) var microBatches: [[Int]] = []
  /// The current step, from 0; also the version of the parameters.
  package private(set) var step = 0
  /// Mean loss of every finished epoch.
  package private(set) var losses: [Double] = []
  /// The step whose gradient was not finite: from there on the parameters stay what they were.
  package private(set) var divergedAt: Int?
  /// What its evaluations after earlier epochs came to, where it is traced.
  package private(set) var traces: [[Float]] = []
  private var optimizer: AdamW
  private var reduction: GradientReduction
  private var order: (epoch: Int, items: [Int])?
  private var epochLoss: TrainingState.EpochLoss
  private let rates: CosineSchedule
  private let clip: Double?
  /// Where the numbers lie that are not here; the optimizer's buffers are empty then.
  package let slices: (any SlicedParameters)?
  /// What the current step's gradients were computed for.
  private var leases: [Int] = []

  /// Goes on from `state`, whose buffers it takes over; a state without moments is that of a run before its first step.
  ///
  /// - Parameter slices: where the numbers lie; those of `state` are not used then.
  package init(
    schedule: RunSchedule, training: OptimizerSettings, state: TrainingState, slices: (any SlicedParameters)? = nil
  ) {
    self.schedule = schedule
    self.slices = slices
    var state = state
    if slices != nil {
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
    reduction = GradientReduction(total: 0, elements: state.parameters.count)
    prepare(step: divergedAt == nil ? state.step : schedule.steps)
    step = state.step
  }

  /// Empty where the numbers lie elsewhere.
  package var parameters: FloatBuffer { optimizer.parameters }
  package var parameterCount: Int { slices?.count ?? optimizer.parameters.count }
  package var isTrained: Bool { step >= schedule.steps || divergedAt != nil }
  /// The epoch that the current step belongs to, from 0.
  package var epoch: Int { step / max(1, schedule.stepsPerEpoch) }

  /// The state between two steps of a run whose numbers are here; its buffers are the run's own, which the next step
  /// changes.
  package var state: TrainingState {
    var state = TrainingState(
      step: step, parameters: optimizer.parameters,
      moments: .init(first: optimizer.firstMoment, second: optimizer.secondMoment), epoch: epochLoss, losses: losses,
      divergedAt: divergedAt)
    state.traces = traces
    return state
  }

  /// Whether it stands behind an epoch that it was not evaluated after yet, and must be before it goes on.
  package var lacksTrace: Bool {
    schedule.isTraced && !isTrained && step % schedule.stepsPerEpoch == 0
      && traces.count < step / schedule.stepsPerEpoch
  }

  /// Takes what its evaluation came to after the epoch that it stands behind.
  package mutating func trace(_ evaluation: [Float]) { traces.append(evaluation) }

  /// The state between two steps; of numbers that lie elsewhere, copies. nil where those are lost.
  package func collect() -> TrainingState? {
    guard let slices else { return state }
    guard let (parameters, moments) = slices.collect(step: step) else { return nil }
    var state = state
    (state.parameters, state.moments) = (parameters, moments)
    return state
  }

  /// A step that is done.
  package struct Step: Sendable {
    package var number: Int
    package var samples: Int
    package var lossSum: Double
    /// The reduced gradient, summed over the samples; empty where the numbers lie elsewhere.
    package var gradient: FloatBuffer
    /// What the numbers that lie elsewhere came to.
    package var digests: (gradient: TensorDigest, parameters: TensorDigest)?
    /// The loss or the gradient was not finite; the parameters were left as they are.
    package var isDivergent: Bool
  }

  /// Counts gradients; returns the step when they were the last that it lacked, and updates the parameters in place.
  ///
  /// - Parameters:
  ///   - lease: what they were computed for; without it numbers that lie elsewhere cannot be found.
  ///   - loop: how elementwise work is spread; the bits do not depend on it.
  ///   - willUpdate: called before the parameters change.
  /// - Returns: nil too where the slices are lost.
  /// - Throws: `OptimizationError` when a gradient does not fit the step.
  package mutating func insert(
    _ nodes: consuming [GradientSum], lease: Int? = nil, in loop: ElementLoop = serialLoop,
    willUpdate: () -> Void = {}
  ) throws(OptimizationError) -> Step? {
    while let node = nodes.popLast() { try reduction.insert(node, in: loop) }
    if let lease { leases.append(lease) }
    guard let root = reduction.root else { return nil }
    var finished = Step(
      number: step, samples: root.samples, lossSum: root.lossSum, gradient: root.gradient, isDivergent: false)
    var reduced: SlicedGradient?
    if let slices {
      reduced = slices.reduce(step: step, leases: leases, microBatches: microBatches.count)
      guard reduced != nil else { return nil }
    }
    guard root.lossSum.isFinite, reduced?.isFinite ?? root.gradient.isFinite else {
      finished.isDivergent = true
      divergedAt = step
      microBatches = []
      reduction = GradientReduction(total: 0, elements: optimizer.parameters.count)
      return finished
    }
    var scale = 1 / Float(root.samples)
    let rate = rates.rate(step: step)
    if let slices, let reduced {
      if let clip { scale *= Clipping.factor(sectionSquares: reduced.squares, scale: scale, limit: clip) }
      guard let parameters = slices.update(step: step, scale: scale, rate: rate) else { return nil }
      finished.digests = (reduced.digest, parameters)
    } else {
      if let clip { scale *= Clipping.factor(gradient: root.gradient, scale: scale, limit: clip) }
      willUpdate()
      try optimizer.apply(gradientSum: root.gradient, scale: scale, rate: rate, in: loop)
    }
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

  /// Forgets what was counted for the current step.
  package mutating func restartStep() {
    reduction = GradientReduction(total: microBatches.count, elements: optimizer.parameters.count)
    leases = []
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

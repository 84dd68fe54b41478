package import Optimization
package import Plan

/// One run between its first step and its last: the parameters, the step that is being worked on, and nothing that
/// knows of workers, sockets or files. The coordinator has one for a run that is shared, a worker for a run that it was
/// lent; both come to the same bits.
package struct TrainingRun {
  package let plan: PlannedRun
  /// Micro-batches of the current step; empty when the run is trained.
  package private(set) var microBatches: [[Int]] = []
  /// The current step, from 0; also the version of the parameters.
  package private(set) var step = 0
  /// Mean loss of every finished epoch.
  package private(set) var losses: [Double] = []
  /// The step whose gradient was not finite: from there on the parameters stay what they were.
  package private(set) var divergedAt: Int?
  private var optimizer: AdamW
  private var reduction: GradientReduction
  private var order: (epoch: Int, items: [Int])?
  private var epochLoss: TrainingState.EpochLoss
  private let schedule: CosineSchedule
  private let clip: Double?

  /// Goes on from `state`, whose buffers it takes over; a state without moments is that of a run before its first step.
  package init(plan: PlannedRun, training: OptimizerSettings, state: TrainingState) {
    self.plan = plan
    let moments =
      state.moments
      ?? TrainingState.Moments(
        first: FloatBuffer(repeating: 0, count: state.parameters.count),
        second: FloatBuffer(repeating: 0, count: state.parameters.count))
    optimizer = AdamW(
      parameters: state.parameters, firstMoment: moments.first, secondMoment: moments.second, steps: state.step,
      weightDecay: training.weightDecay)
    schedule = CosineSchedule(peak: plan.settings.rate, steps: plan.steps, warmup: training.warmup)
    clip = training.clip
    losses = state.losses
    epochLoss = state.epoch
    divergedAt = state.divergedAt
    reduction = GradientReduction(total: 0, elements: state.parameters.count)
    prepare(step: divergedAt == nil ? state.step : plan.steps)
    step = state.step
  }

  package var parameters: FloatBuffer { optimizer.parameters }
  package var isTrained: Bool { step >= plan.steps || divergedAt != nil }
  /// The epoch that the current step belongs to, from 0.
  package var epoch: Int { step / max(1, plan.stepsPerEpoch) }

  /// The state between two steps; its buffers are the run's own, which the next step changes.
  package var state: TrainingState {
    TrainingState(
      step: step, parameters: optimizer.parameters,
      moments: .init(first: optimizer.firstMoment, second: optimizer.secondMoment), epoch: epochLoss, losses: losses,
      divergedAt: divergedAt)
  }

  /// A step that is done.
  package struct Step: Sendable {
    package var number: Int
    package var samples: Int
    package var lossSum: Double
    /// The reduced gradient, summed over the samples.
    package var gradient: FloatBuffer
    /// The loss or the gradient was not finite; the parameters were left as they are.
    package var isDivergent: Bool
  }

  /// Counts gradients; returns the step when they were the last that it lacked, and updates the parameters in place.
  ///
  /// - Parameters:
  ///   - loop: how elementwise work is spread; the bits do not depend on it.
  ///   - willUpdate: called before the parameters change.
  /// - Throws: `OptimizationError` when a gradient does not fit the step.
  package mutating func insert(
    _ nodes: consuming [GradientSum], in loop: ElementLoop = serialLoop, willUpdate: () -> Void = {}
  ) throws(OptimizationError) -> Step? {
    while let node = nodes.popLast() { try reduction.insert(node, in: loop) }
    guard let root = reduction.root else { return nil }
    var finished = Step(
      number: step, samples: root.samples, lossSum: root.lossSum, gradient: root.gradient, isDivergent: false)
    guard root.lossSum.isFinite, root.gradient.isFinite else {
      finished.isDivergent = true
      divergedAt = step
      microBatches = []
      reduction = GradientReduction(total: 0, elements: optimizer.parameters.count)
      return finished
    }
    var scale = 1 / Float(root.samples)
    if let clip { scale *= Clipping.factor(gradient: root.gradient, scale: scale, limit: clip) }
    willUpdate()
    try optimizer.apply(gradientSum: root.gradient, scale: scale, rate: schedule.rate(step: step), in: loop)
    epochLoss.sum += root.lossSum
    epochLoss.samples += root.samples
    step += 1
    if step % plan.stepsPerEpoch == 0 {
      losses.append(epochLoss.sum / Double(max(1, epochLoss.samples)))
      epochLoss = TrainingState.EpochLoss()
    }
    prepare(step: step)
    return finished
  }

  /// Forgets what was counted for the current step.
  package mutating func restartStep() {
    reduction = GradientReduction(total: microBatches.count, elements: optimizer.parameters.count)
  }

  private mutating func prepare(step: Int) {
    guard step < plan.steps else {
      microBatches = []
      order = nil
      reduction = GradientReduction(total: 0, elements: optimizer.parameters.count)
      return
    }
    let epoch = step / plan.stepsPerEpoch
    let items: [Int]
    if let order, order.epoch == epoch {
      items = order.items
    } else {
      items = plan.order(epoch: epoch)
      order = (epoch, items)
    }
    microBatches = plan.microBatches(step: step % plan.stepsPerEpoch, order: items)
    reduction = GradientReduction(total: microBatches.count, elements: optimizer.parameters.count)
  }
}

/// The settings of the optimizer that all methods share.
package struct OptimizerSettings: Sendable, Equatable {
  package var weightDecay: Double
  /// The share of steps over which the rate climbs to its peak.
  package var warmup: Double
  /// The largest norm of a gradient; nil for none.
  package var clip: Double?

  package init(weightDecay: Double, warmup: Double, clip: Double?) {
    self.weightDecay = weightDecay
    self.warmup = warmup
    self.clip = clip
  }

  package init(_ training: TrainingSettings) {
    self.init(weightDecay: training.weightDecay, warmup: training.warmup, clip: training.clip)
  }
}

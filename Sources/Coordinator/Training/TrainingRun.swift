internal import Checkpoints
internal import Ledger
internal import Optimization
internal import Plan

/// One run between its first step and its last: the parameters, the step that is being worked on, and nothing that
/// knows of workers, sockets or files.
struct TrainingRun {
  let plan: PlannedRun
  /// Micro-batches of the current step; empty when the run is trained.
  private(set) var microBatches: [[Int]] = []
  /// The current step, from 0; also the version of the parameters.
  private(set) var step = 0
  /// Mean loss of every finished epoch.
  private(set) var losses: [Double] = []
  private var optimizer: AdamW
  private var reduction: GradientReduction
  private var order: [Int] = []
  private var epochLoss = (sum: 0.0, samples: 0)
  private var deliveries: [StepRecord.Delivered] = []
  private let schedule: CosineSchedule
  private let clip: Double?

  init(plan: PlannedRun, training: TrainingSettings, initialValues: [Float]) {
    self.plan = plan
    optimizer = AdamW(parameters: initialValues, weightDecay: training.weightDecay)
    schedule = CosineSchedule(peak: plan.settings.rate, steps: plan.steps, warmup: training.warmup)
    clip = training.clip
    reduction = GradientReduction(total: 0, elements: initialValues.count)
    begin(step: 0)
  }

  /// A run that was trained before, here or elsewhere, to be evaluated.
  init(plan: PlannedRun, training: TrainingSettings, parameters: [Float], losses: [Double]) {
    self.init(plan: plan, training: training, initialValues: parameters)
    step = plan.steps
    microBatches = []
    self.losses = losses
  }

  var parameters: [Float] { optimizer.parameters }
  var isTrained: Bool { step >= plan.steps }
  /// The epoch that the current step belongs to, from 0.
  var epoch: Int { step / max(1, plan.stepsPerEpoch) }

  /// Counts the gradients of one delivery; returns the committed step when they were the last that it lacked.
  ///
  /// - Throws: `TrainingError` when the gradient is not finite, `OptimizationError` when it does not fit the step.
  mutating func insert(_ nodes: [GradientSum], units: Range<Int>, member: String) throws -> StepRecord? {
    for node in nodes { try reduction.insert(node) }
    deliveries.append(.init(units: units, member: member))
    guard let root = reduction.root else { return nil }
    guard root.lossSum.isFinite, root.gradient.allSatisfy(\.isFinite) else {
      throw TrainingError.diverged(run: plan.identifier.description, step: step)
    }
    var scale = 1 / Float(root.samples)
    if let clip { scale *= Clipping.factor(gradient: root.gradient, scale: scale, limit: clip) }
    try optimizer.apply(gradientSum: root.gradient, scale: scale, rate: schedule.rate(step: step))
    let record = StepRecord(
      run: plan.identifier.description, step: step, samples: root.samples, gradient: root.gradient,
      parameters: optimizer.parameters,
      deliveries: deliveries.sorted { $0.units.lowerBound < $1.units.lowerBound })
    epochLoss.sum += root.lossSum
    epochLoss.samples += root.samples
    begin(step: step + 1)
    return record
  }

  private mutating func begin(step: Int) {
    self.step = step
    deliveries = []
    if step > 0, step % plan.stepsPerEpoch == 0 {
      losses.append(epochLoss.sum / Double(max(1, epochLoss.samples)))
      epochLoss = (0, 0)
    }
    guard step < plan.steps else {
      microBatches = []
      order = []
      return
    }
    let withinEpoch = step % plan.stepsPerEpoch
    if withinEpoch == 0 { order = plan.order(epoch: step / plan.stepsPerEpoch) }
    microBatches = plan.microBatches(step: withinEpoch, order: order)
    reduction = GradientReduction(total: microBatches.count, elements: optimizer.parameters.count)
  }
}

/// Why a run cannot go on.
enum TrainingError: Error, CustomStringConvertible {
  case diverged(run: String, step: Int)
  case notFinite(run: String)

  var description: String {
    switch self {
    case .diverged(let run, let step):
      "\(run) diverged at step \(step): its loss or gradient is not finite; lower the learning rate or set training.clip"
    case .notFinite(let run):
      "\(run): its logits are not finite; lower the learning rate or set training.clip"
    }
  }
}

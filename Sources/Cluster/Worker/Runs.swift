internal import Optimization
internal import Planning
internal import Scheduler
internal import Support
internal import SwiftProtobuf
internal import Transport

/// A worker's view of a run.
struct KnownRun {
  /// The name that log lines and errors use.
  let identifier: String
  let schedule: RunSchedule
  let optimizer: OptimizerSettings
  /// The position of the method in the welcome.
  let method: Int
  /// The order of the epoch and the micro-batches of the step that were requested last.
  private var order: (epoch: Int, items: [Int])?
  private var cut: (step: Int, microBatches: [[Int]])?
  /// The blocks of its evaluation, then those of its validation curve.
  let blocks: [[Int]]

  /// - Parameter lengths: the number of tokens of every item in the catalogue.
  /// - Throws: `WorkerError` when the message is not a schedule.
  init(_ message: Tenbin_RunSchedule, lengths: [Int]) throws(WorkerError) {
    guard let schedule = RunSchedule(message, lengths: lengths) else {
      throw WorkerError(.failure, "the schedule of run \(message.identifier) cannot be read")
    }
    identifier = message.identifier
    self.schedule = schedule
    method = Int(message.method)
    optimizer = message.optimizer
    blocks = schedule.evaluationBlocks + schedule.validationBlocks
  }

  /// What is evaluated of the items of a block: of those of the validation curve, only what the loss is made of.
  func question(ofBlock block: Int) -> EvaluationQuestion {
    block < schedule.evaluationBlockCount ? schedule.question : EvaluationQuestion()
  }

  /// The micro-batches of a step, and the source of dropout and augmentation in its epoch.
  ///
  /// - Throws: `WorkerError` when the run has no such step.
  mutating func step(_ step: Int) throws(WorkerError) -> (microBatches: [[Int]], draws: RandomKey) {
    guard step >= 0, step < schedule.steps else {
      throw WorkerError(.failure, "\(identifier) has \(schedule.steps) steps, but step \(step) was assigned")
    }
    let epoch = step / schedule.stepsPerEpoch
    if order?.epoch != epoch { order = (epoch, schedule.order(epoch: epoch)) }
    let microBatches =
      if let cut, cut.step == step {
        cut.microBatches
      } else {
        schedule.microBatches(step: step % schedule.stepsPerEpoch, order: order?.items ?? [])
      }
    cut = (step, microBatches)
    return (microBatches, schedule.drawsKey(epoch: epoch))
  }
}

/// A run that was assigned whole to this worker: gradients are reduced and the optimizer is applied here, as the
/// coordinator does it for a shared run.
struct ExclusiveRun {
  let lease: Int
  let run: Int
  let end: Int
  var training: TrainingRun
  /// Steps that have not been delivered yet.
  private(set) var steps: [DeliveredSteps.Step] = []
  private(set) var firstUndelivered: Int
  private var lastDelivered = ContinuousClock.now
  private let interval: Duration
  /// Cost since the last delivery.
  private(set) var spent = LeaseClock.Spent()

  /// The most steps of one delivery.
  private static let mostSteps = 500

  init(lease: Int, run: Int, end: Int, training: TrainingRun, interval: Duration) {
    self.lease = lease
    self.run = run
    self.end = end
    self.training = training
    self.interval = interval
    firstUndelivered = training.step
  }

  var isDone: Bool { training.isTrained || training.step >= end }
  var mustDeliver: Bool {
    isDone || steps.count >= Self.mostSteps || ContinuousClock.now - lastDelivered >= interval
  }

  /// Does one step with the gradient over all its micro-batches.
  mutating func step(gradient: GradientSum) throws {
    try training.add([gradient])
    guard let finished = try training.finishStep() else { return }
    steps.append(
      DeliveredSteps.Step(
        samples: finished.samples, lossSum: finished.lossSum, gradient: TensorDigest(of: finished.gradient.floats),
        parameters: TensorDigest(of: training.parameters.floats), isDivergent: finished.isDivergent))
  }

  /// Everything that was done has been delivered.
  mutating func delivered() {
    firstUndelivered = training.step
    steps = []
    lastDelivered = .now
    spent = LeaseClock.Spent()
  }

  /// Adds this run's share of the time on a clock.
  mutating func spend(_ clock: LeaseClock, sharedBy runs: Int) {
    spent.seconds += clock.spent.seconds / Double(runs)
    spent.processorSeconds += clock.spent.processorSeconds / Double(runs)
  }
}

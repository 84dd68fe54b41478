internal import Optimization
internal import Scheduler
internal import Support

/// A run that was lent whole to this worker: reduction and optimizer work here as they do in the coordinator.
struct ExclusiveRun {
  let lease: Int
  let run: Int
  let end: Int
  var training: TrainingRun
  /// Steps that were not delivered yet.
  private(set) var steps: [DeliveredSteps.Step] = []
  private(set) var firstUndelivered: Int
  private var lastDelivered = ContinuousClock.now
  private let interval: Duration
  /// What was spent since the last delivery.
  private(set) var spent = LeaseClock.Spent()

  /// Steps that one delivery may hold.
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

  /// What was done is delivered.
  mutating func delivered() {
    firstUndelivered = training.step
    steps = []
    lastDelivered = .now
    spent = LeaseClock.Spent()
  }

  /// Adds its share of what has passed on a clock.
  mutating func spend(_ clock: LeaseClock, sharedBy runs: Int) {
    spent.seconds += clock.spent.seconds / Double(runs)
    spent.processorSeconds += clock.spent.processorSeconds / Double(runs)
  }
}

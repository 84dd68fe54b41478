import Optimization
import Planning
import Scheduler
import Support

/// Gradients and logits that cost nothing and whose bits depend on the order of additions.
enum ToyModel {
  /// The sum of the gradients of some micro-batches, added along the canonical tree.
  static func node(_ range: Range<Int>, of microBatches: [[Int]], _ parameters: [Float]) -> GradientSum {
    guard range.count > 1 else { return leaf(range.lowerBound, microBatches[range.lowerBound], parameters) }
    let middle = CanonicalTree.split(range)
    let left = node(range.lowerBound..<middle, of: microBatches, parameters)
    let right = node(middle..<range.upperBound, of: microBatches, parameters)
    return GradientSum(
      range: range, gradient: zip(left.gradient, right.gradient).map { $0 + $1 }, lossSum: left.lossSum + right.lossSum,
      samples: left.samples + right.samples)
  }

  private static func leaf(_ unit: Int, _ items: [Int], _ parameters: [Float]) -> GradientSum {
    var gradient = [Float](repeating: 0, count: parameters.count)
    for item in items {
      for index in gradient.indices { gradient[index] += Float((item * 31 + index * 17) % 23) / 7 - parameters[index] }
    }
    let loss = items.reduce(0.0) { $0 + Double($1) / 3 } + Double(parameters[0])
    return GradientSum(range: unit..<unit + 1, gradient: gradient, lossSum: loss, samples: items.count)
  }

  /// Two logits an item.
  static func logits(_ items: [Int], _ parameters: [Float]) -> [Float] {
    items.flatMap { [Float($0) * parameters[0], Float($0) - parameters[parameters.count - 1]] }
  }

  /// A run of three epochs of three steps, each of up to four micro-batches.
  ///
  /// - Parameter isValidated: whether it has a validation curve, on its last 35 items.
  static func run(_ number: Int, isValidated: Bool = false) -> PlannedRun {
    PlannedRun(
      identifier: RunIdentifier("toy/run-\(number)"), arm: 0, purpose: .task(seed: number),
      schedule: RunSchedule(
        trainingItems: Array(0..<21), evaluatedItems: Array(30..<70), key: RandomKey(seed: number)["toy"], epochs: 3,
        rate: 0.05, batch: 8, microBatch: 2, earlierEvaluations: isValidated ? .validation(items: 5..<40) : .none),
      outputs: .uniform(2), validation: isValidated ? .labels((0..<35).map { $0 % 2 }, classes: 2) : nil)
  }

  static let optimizer = OptimizerSettings(weightDecay: 0.01, warmup: 0.2, clip: 1)

  static func initialState(_ run: Int, count: Int) -> TrainingState {
    TrainingState(step: 0, parameters: FloatBuffer((0..<count).map { Float(($0 * 7 + run) % 11) / 11 - 0.4 }))
  }

  /// The digests of the parameters after every step of a run that one process does by itself, and its logits.
  static func reference(_ number: Int, count: Int) throws -> (parameters: [TensorDigest], logits: [Float]) {
    let run = run(number)
    var training = TrainingRun(
      schedule: run.schedule, training: optimizer, state: initialState(number, count: count))
    var digests: [TensorDigest] = []
    while !training.isTrained {
      let microBatches = training.microBatches
      try training.add([node(0..<microBatches.count, of: microBatches, Array(training.parameters))])
      _ = try training.finishStep()
      digests.append(TensorDigest(of: training.parameters.floats))
    }
    return (digests, logits(run.schedule.evaluatedItems, Array(training.parameters)))
  }

  /// The validation curve of such a run: a point after every step, because it has nine.
  static func validationLosses(_ number: Int, count: Int) throws -> [Double?] {
    let run = run(number, isValidated: true)
    var training = TrainingRun(
      schedule: run.schedule, training: optimizer, state: initialState(number, count: count))
    var losses: [Double?] = []
    while !training.isTrained {
      let microBatches = training.microBatches
      try training.add([node(0..<microBatches.count, of: microBatches, Array(training.parameters))])
      _ = try training.finishStep()
      losses.append(run.validation?.loss(of: logits(Array(35..<70), Array(training.parameters))))
    }
    return losses
  }
}

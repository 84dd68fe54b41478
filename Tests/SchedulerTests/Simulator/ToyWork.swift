import Optimization
import Planning
import Scheduler
import Support
import Testing

/// Small training problems whose every bit depends on the order of additions, drawn from a seed.
struct ToyWork {
  let runs: [PlannedRun]
  let phases: [Phase]
  let optimizer: OptimizerSettings
  let classes: Int
  /// Parameters of each run.
  let counts: [Int]
  /// The first parameter of a run beyond which its gradient is infinite.
  private let limits: [Float]
  private let features: [[Float]]
  private let key: RandomKey

  init(key: RandomKey) {
    self.key = key
    var random = key.generator
    let items = 12 + random.index(below: 100)
    features = (0..<items).map { item in
      var random = key["item"][item].generator
      return (0..<40).map { _ in Float(2 * random.uniform() - 1) }
    }
    let classes = 2 + random.index(below: 2)
    self.classes = classes
    optimizer = OptimizerSettings(
      weightDecay: 0.01, warmup: random.uniform() < 0.5 ? 0 : 0.2, clip: random.uniform() < 0.5 ? nil : 1)
    let arms = 1 + random.index(below: 2)
    var runs: [PlannedRun] = []
    var counts: [Int] = []
    for arm in 0..<arms {
      let count = 10 + random.index(below: 31)
      let (tasks, fleet, given) = (random.index(below: 3), random.index(below: 5), random.index(below: 2))
      let purposes: [PlannedRun.Purpose] =
        (0..<tasks).map { .task(seed: $0) } + (0..<fleet).map { .shadowModel($0) } + (0..<given).map { _ in .given }
      var packing = key["packed"][arm].generator
      let isPacked = fleet > 1 && packing.uniform() < 0.5
      let isTraced = packing.uniform() < 0.5
      let firstOfFleet = runs.count + tasks
      for (number, purpose) in (purposes.isEmpty ? [.task(seed: 0)] : purposes).enumerated() {
        let key = key["run"][arm][number]
        let microbatch = 1 + random.index(below: 4)
        let most = min(items, 40)
        let members = key["members"].permutation(count: items).prefix(
          purpose == .given ? 0 : 3 + random.index(below: most - 3))
        let evaluated = key["evaluated"].permutation(count: items).prefix(random.index(below: items + 1))
        var pack: RunSchedule.Pack?
        if isPacked, case .shadowModel(let model) = purpose {
          pack = RunSchedule.Pack(number: firstOfFleet, slot: model, size: fleet)
        }
        let rate = 0.02 + 0.1 * random.uniform()
        let epochs = purpose == .given ? 0 : 1 + random.index(below: 4)
        var earlier = isTraced && isFleet(purpose) ? RunSchedule.EarlierEvaluations.everyEpoch : .none
        var answers: ValidationAnswers?
        if case .task = purpose, !evaluated.isEmpty {
          let validated = evaluated.count / 3..<evaluated.count
          earlier = .validation(items: validated)
          answers = .labels(validated.map { $0 % classes }, classes: classes)
        }
        let schedule = RunSchedule(
          trainingItems: members.sorted(), evaluatedItems: evaluated.sorted(), key: key, epochs: epochs, rate: rate,
          batch: microbatch * (1 + random.index(below: 9)), microBatch: microbatch, pack: pack,
          earlierEvaluations: earlier)
        runs.append(
          PlannedRun(
            identifier: RunIdentifier("arm-\(arm)/run-\(number)"), arm: arm, purpose: purpose,
            schedule: schedule, outputs: .uniform(classes), validation: answers))
        counts.append(count)
      }
    }
    self.runs = runs
    self.counts = counts
    phases = Phase.all(of: runs, arms: arms) { arm in
      // What is packed is trained as a whole.
      let isPacked = runs.contains { $0.arm == arm && $0.schedule.pack != nil }
      guard !isPacked else { return [] }
      var random = key["look"][arm].generator
      return [1, 2, 3].filter { _ in random.uniform() < 0.5 }
    }
    limits = runs.map { _ in random.uniform() < 0.4 ? Float(0.8 + 0.3 * random.uniform()) : .infinity }
  }

  /// Whether more shadow models are trained after an interim analysis: the losses of those before it decide.
  func isNeeded(_ phase: Phase, _ completed: [Int: FinishedRun]) -> Bool {
    guard phase.kind == .shadowModels, phase.analysis > 0, let first = phase.runs.first else { return true }
    let before = phases.first { $0.arm == phase.arm && $0.kind == .shadowModels && $0.analysis == phase.analysis - 1 }
    guard before.map({ isNeeded($0, completed) }) != false else { return false }
    return completed[first - 1]?.losses.last.map { $0.bitPattern % 2 == 0 } ?? true
  }

  func initialState(_ run: Int) -> TrainingState {
    var random = key["initial"][run].generator
    return TrainingState(
      step: 0, parameters: FloatBuffer((0..<counts[run]).map { _ in Float(2 * random.uniform() - 1) }))
  }

  /// What an honest worker delivers for some micro-batches of a step.
  func nodes(run: Int, units: Range<Int>, of microBatches: [[Int]], parameters: FloatBuffer) -> [GradientSum] {
    CanonicalTree.nodes(covering: units, total: microBatches.count).map {
      node($0, run: run, of: microBatches, parameters: parameters)
    }
  }

  private func node(_ range: Range<Int>, run: Int, of microBatches: [[Int]], parameters: FloatBuffer) -> GradientSum {
    if range.count == 1 { return leaf(range.lowerBound, run: run, items: microBatches[range.lowerBound], parameters) }
    let middle = CanonicalTree.split(range)
    let left = node(range.lowerBound..<middle, run: run, of: microBatches, parameters: parameters)
    let right = node(middle..<range.upperBound, run: run, of: microBatches, parameters: parameters)
    return GradientSum(
      range: range, gradient: zip(left.gradient, right.gradient).map { $0 + $1 }, lossSum: left.lossSum + right.lossSum,
      samples: left.samples + right.samples)
  }

  private func leaf(_ unit: Int, run: Int, items: [Int], _ parameters: FloatBuffer) -> GradientSum {
    var gradient = [Float](repeating: 0, count: parameters.count)
    var loss = 0.0
    for item in items {
      let error = score(item, parameters, shift: 0) - features[item][39] * 3
      loss += 0.5 * Double(error * error)
      for index in gradient.indices { gradient[index] += error * features[item][index] }
      if abs(parameters[0]) > limits[run], item % 2 == 0 { gradient[item % gradient.count] = .infinity }
    }
    return GradientSum(range: unit..<unit + 1, gradient: gradient, lossSum: loss, samples: items.count)
  }

  private func score(_ item: Int, _ parameters: FloatBuffer, shift: Int) -> Float {
    var sum: Float = 0
    for index in 0..<parameters.count { sum += parameters[index] * features[item][(index + shift) % 40] }
    return sum
  }

  /// What an honest worker delivers for some evaluation blocks.
  func logits(run: Int, blocks: Range<Int>, parameters: FloatBuffer) -> [Float] {
    let schedule = runs[run].schedule
    return (schedule.evaluationBlocks + schedule.validationBlocks)[blocks].joined().flatMap { item in
      logits(of: item, parameters: parameters)
    }
  }

  func logits(of item: Int, parameters: FloatBuffer) -> [Float] {
    (0..<classes).map { score(item, parameters, shift: $0 * 7) }
  }
}

private func isFleet(_ purpose: PlannedRun.Purpose) -> Bool {
  if case .shadowModel = purpose { true } else { false }
}

/// The results of one worker to which nothing ever happens.
struct Reference {
  struct Step: Equatable {
    let samples: Int
    let units: Int
    let lossSum: Double
    let gradient: TensorDigest
    let parameters: TensorDigest
  }

  private(set) var steps: [[Step]] = []
  private(set) var finished: [FinishedRun] = []
  private(set) var parameters: [TensorDigest] = []

  /// The runs that are worked on, given what the interim analyses decide.
  func needed(of work: ToyWork) -> Set<Int> {
    var needed: Set<Int> = []
    var stopped: Set<Int> = []
    var completed: [Int: FinishedRun] = [:]
    for phase in work.phases {
      if stopped.contains(phase.arm), phase.kind == .shadowModels { continue }
      guard work.isNeeded(phase, completed) else {
        stopped.insert(phase.arm)
        continue
      }
      for run in phase.runs {
        needed.insert(run)
        completed[run] = finished[run]
      }
    }
    return needed
  }

  init(of work: ToyWork) throws {
    for run in work.runs.indices {
      var training = TrainingRun(
        schedule: work.runs[run].schedule, training: work.optimizer, state: work.initialState(run))
      var steps: [Step] = []
      func evaluation() -> [Float] {
        let blocks = work.runs[run].schedule.evaluationBlocks.count
        return work.logits(run: run, blocks: 0..<blocks, parameters: training.parameters)
      }
      while !training.isTrained {
        if training.isEvaluationDue {
          if let validation = work.runs[run].validation {
            let schedule = work.runs[run].schedule
            let logits = schedule.evaluatedItems[schedule.validationPositions].flatMap {
              work.logits(of: $0, parameters: training.parameters)
            }
            training.recordValidation(loss: try #require(validation.loss(of: logits)))
          } else {
            training.trace(evaluation())
          }
        }
        let microBatches = training.microBatches
        let nodes = work.nodes(
          run: run, units: 0..<microBatches.count, of: microBatches, parameters: training.parameters)
        try training.add(nodes)
        guard let step = try training.finishStep(), !step.isDivergent else { continue }
        steps.append(
          Step(
            samples: step.samples, units: microBatches.count, lossSum: step.lossSum,
            gradient: TensorDigest(of: step.gradient.floats), parameters: TensorDigest(of: training.parameters.floats)))
      }
      self.steps.append(steps)
      parameters.append(TensorDigest(of: training.parameters.floats))
      let missing = work.runs[run].schedule.tracedEpochs - training.traces.count
      let last = evaluation()
      finished.append(
        FinishedRun(
          losses: training.losses, logits: last,
          traces: training.traces + Array(repeating: last, count: missing),
          validationLosses: training.validationLosses
            + [work.runs[run].validationLoss(ofLast: last)].compactMap(\.self),
          divergedAt: training.divergedAt))
    }
  }
}

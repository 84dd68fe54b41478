import Optimization
import Planning
import Scheduler
import Support

/// A worker process as a real one behaves, with time instead of arithmetic that takes time.
struct SimulatedWorker {
  let index: Int
  let secondsPerUnit: Double
  let sharesMemory: Bool
  var character: Scenario.Character

  /// Counts processes; each is started after the one before has ended.
  var process = 0
  var isRunning = false
  /// Stopped by a signal; what comes meanwhile waits.
  var isFrozen = false
  var inbox: [WorldEvent] = []
  /// Its computation never ends; its heartbeats go on.
  var isHung = false
  var isDraining = false
  /// It was refused or drained, and does not come back.
  var isGone = false

  /// Its current identifier, a new one for every session.
  var identifier: WorkerIdentifier?
  var sessions = 0
  var isWelcome = false
  var queue = WorkerQueue()
  var parameters: [Int: (version: Int, floats: FloatBuffer)] = [:]
  var states: [Int: TrainingState] = [:]
  var ends: [Int: Int] = [:]
  var exclusive: ExclusiveRun?
  /// The number of what it computes; nil while it is idle.
  var activity: Int?
  var activities = 0
  var computed = 0
  /// Since when nothing stood in its way.
  var healthySince: Int?

  struct ExclusiveRun {
    let lease: WorkerLease
    let end: Int
    var training: TrainingRun
    var first: Int
    var steps: [DeliveredSteps.Step] = []
    var lastDelivered: Int
  }

  init(index: Int, scenario: Scenario, like model: Int) {
    self.index = index
    secondsPerUnit = scenario.secondsPerUnit[model]
    sharesMemory = scenario.sharesMemory[model]
    character = index == model ? scenario.characters[model] : .honest
  }

  /// Takes a new identifier and forgets everything.
  mutating func beginSession() -> WorkerIdentifier {
    sessions += 1
    let identifier = WorkerIdentifier("w\(index).\(sessions)")
    self.identifier = identifier
    isWelcome = false
    isDraining = false
    queue = WorkerQueue()
    (parameters, states, ends) = ([:], [:], [:])
    (exclusive, activity) = (nil, nil)
    return identifier
  }

  mutating func take(_ message: CoordinatorMessage) {
    switch message {
    case .plan(let run): queue.havePlan(of: run)
    case .parameters(let run, let version, let generation, let floats):
      if queue.haveParameters(of: run, version: version, generation: generation) { parameters[run] = (version, floats) }
    case .state(let run, let generation, let state):
      if queue.haveState(of: run, step: state.step, generation: generation) { states[run] = state }
    case .grant(let lease, let end):
      queue.grant(lease)
      ends[lease.identifier] = end
    case .recall(let lease): queue.recall(lease: lease)
    case .welcome, .dismissed, .unknown: break
    }
  }
}

extension World {
  /// The worker begins with what it can, when it is idle.
  func work(_ index: Int) {
    guard workers[index].isRunning, !workers[index].isFrozen, !workers[index].isHung, workers[index].activity == nil
    else { return }
    if workers[index].exclusive != nil { return goOnTraining(index) }
    while let lease = workers[index].queue.next() {
      switch lease.work {
      case .training:
        guard let state = workers[index].states.removeValue(forKey: lease.run) else { return }
        workers[index].queue.begin(lease)
        // A copy, for the same message may come a second time with the same buffers.
        let training = TrainingRun(
          schedule: work.runs[lease.run].schedule, training: work.optimizer, state: state.copy)
        workers[index].exclusive = .init(
          lease: lease, end: workers[index].ends[lease.identifier] ?? work.runs[lease.run].schedule.steps,
          training: training, first: state.step, lastDelivered: now)
        return goOnTraining(index)
      case .microBatches(let units), .blocks(let units):
        guard !lease.sharesMemory || memory[lease.run].version == lease.version else {
          endStale(lease, index)
          continue
        }
        return compute(index, units: units.count)
      }
    }
  }

  private func goOnTraining(_ index: Int) {
    guard let exclusive = workers[index].exclusive else { return }
    if exclusive.training.isTrained || exclusive.training.step >= exclusive.end
      || workers[index].queue.isRecalled(exclusive.lease.identifier)
    {
      deliverSteps(index, isLast: true)
      return work(index)
    }
    compute(index, units: exclusive.training.microBatches.count)
  }

  private func compute(_ index: Int, units: Int) {
    workers[index].activities += 1
    workers[index].activity = workers[index].activities
    let seconds = workers[index].secondsPerUnit * Double(units) * (0.9 + 0.2 * random.uniform())
    queue.add(.activity(worker: index, number: workers[index].activities), at: now + 1 + Int(seconds * 1e6))
  }

  /// What the worker computed is done.
  func finishActivity(_ index: Int) throws {
    workers[index].activity = nil
    workers[index].computed += 1
    if workers[index].exclusive != nil { return try finishStep(index) }
    guard let lease = workers[index].queue.next() else { return }
    let known = workers[index].parameters[lease.run]
    let place = memory[lease.run]
    let version = lease.sharesMemory ? place.version : known?.version
    guard version == lease.version, let floats = lease.sharesMemory ? place.buffer : known?.floats else {
      endStale(lease, index)
      return
    }
    workers[index].queue.finish(lease: lease.identifier)
    switch lease.work {
    case .microBatches(let units):
      var microBatches: [[Int]] = []
      let schedule = work.runs[lease.run].schedule
      microBatches = schedule.microBatches(
        step: lease.version % schedule.stepsPerEpoch,
        order: schedule.order(epoch: lease.version / schedule.stepsPerEpoch))
      var nodes = work.nodes(run: lease.run, units: units, of: microBatches, parameters: floats)
      spoil(&nodes, by: index)
      send(.units(lease: lease.identifier, .gradients(nodes)), from: index)
    case .blocks(let blocks):
      var logits = work.logits(run: lease.run, blocks: blocks, parameters: floats)
      if let flawed = spoiled(logits[0], by: index) { logits[0] = flawed }
      send(.units(lease: lease.identifier, .logits(logits)), from: index)
    case .training: break
    }
  }

  private func endStale(_ lease: WorkerLease, _ index: Int) {
    workers[index].queue.finish(lease: lease.identifier)
    send(.stale(lease: lease.identifier), from: index)
  }

  private func finishStep(_ index: Int) throws {
    guard var exclusive = workers[index].exclusive else { return }
    workers[index].exclusive = nil
    let microBatches = exclusive.training.microBatches
    var nodes = work.nodes(
      run: exclusive.lease.run, units: 0..<microBatches.count, of: microBatches,
      parameters: exclusive.training.parameters)
    spoil(&nodes, by: index)
    try exclusive.training.add(nodes)
    if let step = try exclusive.training.finishStep() {
      exclusive.steps.append(
        .init(
          samples: step.samples, lossSum: step.lossSum, gradient: TensorDigest(of: step.gradient.floats),
          parameters: TensorDigest(of: exclusive.training.parameters.floats), isDivergent: step.isDivergent))
    }
    let interval = AuditStateMachine.saveInterval(elements: exclusive.training.parameters.count)
    let isDue = Duration.microseconds(now - exclusive.lastDelivered) >= interval
    workers[index].exclusive = exclusive
    if isDue, !exclusive.training.isTrained, exclusive.training.step < exclusive.end {
      deliverSteps(index, isLast: false)
    }
  }

  private func deliverSteps(_ index: Int, isLast: Bool) {
    guard var exclusive = workers[index].exclusive else { return }
    var state = exclusive.training.state.copy
    state.divergedAt = nil
    let delivered = DeliveredSteps(first: exclusive.first, steps: exclusive.steps, state: state, isLast: isLast)
    send(.steps(lease: exclusive.lease.identifier, delivered), from: index)
    exclusive.first = exclusive.training.step
    exclusive.steps = []
    exclusive.lastDelivered = now
    workers[index].exclusive = isLast ? nil : exclusive
    if isLast { workers[index].queue.finish(lease: exclusive.lease.identifier) }
  }

  private func spoil(_ nodes: inout [GradientSum], by index: Int) {
    guard let flawed = spoiled(nodes[0].gradient[0], by: index) else { return }
    var gradient = Array(nodes[0].gradient)
    gradient[0] = flawed
    nodes[0].gradient = FloatBuffer(gradient)
  }

  private func spoiled(_ value: Float, by index: Int) -> Float? {
    switch workers[index].character {
    case .honest: return nil
    case .wrong: return workers[index].computed < 5 ? nil : Float(bitPattern: value.bitPattern ^ 1)
    case .undefinedOnce:
      guard workers[index].computed >= 4 else { return nil }
      workers[index].character = .honest
      suspects.insert(index)
      return .nan
    }
  }
}

import Optimization
import Planning
import Scheduler
import Support

/// The shell around an audit, as the real one is, with a simulated network and disk.
struct SimulatedCoordinator {
  var audit: AuditStateMachine
  private var entries: [WorkerIdentifier: Entry] = [:]
  /// Workers that have left do not come back.
  private var departed: Set<WorkerIdentifier> = []
  private var committed: Set<[Int]> = []
  private var phases: [Int] = []

  private struct Entry {
    let worker: Int
    var plans: Set<Int> = []
    var versions: [Int: Int] = [:]
    var isDraining = false
  }

  init(in world: World) {
    audit = AuditStateMachine(
      runs: world.work.runs, phases: world.work.phases, optimizer: world.work.optimizer,
      cluster: ClusterStateMachine(
        timing: world.scenario.timing, duplicateRate: world.scenario.duplicateRate, flaw: world.flaw),
      completed: world.disk.completed, recovered: world.disk.recovered())
  }

  private func time(in world: World) -> Duration { .microseconds(world.now) }

  mutating func take(_ message: WorkerMessage, from identifier: WorkerIdentifier, of worker: Int, in world: World)
    throws
  {
    guard let entry = entries[identifier] else {
      guard case .hello = message, !departed.contains(identifier) else {
        return world.send(.unknown, to: identifier, of: worker)
      }
      for (other, entry) in entries where entry.worker == worker { try lose(other, in: world) }
      entries[identifier] = Entry(worker: worker)
      world.note("\(identifier) joins")
      world.send(.welcome, to: identifier, of: worker)
      return try handle(.cluster(.joined(identifier)), in: world)
    }
    let before = (audit.stepsDone, audit.samplesDone)
    try handle(.cluster(.heard(identifier)), in: world)
    switch message {
    case .hello: world.send(.welcome, to: identifier, of: entry.worker)
    case .heartbeat: break
    case .units(let lease, let units):
      guard let units = try arrived(units, lease: lease, in: world) else { break }
      try handle(.units(units, lease: lease, from: identifier), in: world)
    case .steps(let lease, let steps): try handle(.steps(steps, lease: lease, from: identifier), in: world)
    case .stale(let lease):
      world.seen["a lease is given back as stale", default: 0] += 1
      try handle(.cluster(.gaveBack(lease: lease, identifier)), in: world)
    }
    if world.coordinatorDrains.contains(identifier), entries[identifier] != nil { try drain(identifier, in: world) }
    if before != (audit.stepsDone, audit.samplesDone) { world.lastProgress = world.now }
  }

  /// The delivery with what the run's reducer received of it; nil where the reducer is lost.
  private func arrived(_ units: DeliveredUnits, lease: Int, in world: World) throws -> DeliveredUnits? {
    guard case .gradients(let nodes, _) = units, let run = audit.lease(lease)?.run, audit.isSliced(run),
      let slices = world.slices[run]
    else { return units }
    return try slices.take(nodes, lease: lease)
  }

  /// The coordinator notices that the reducer of a run is lost.
  mutating func loseSlices(of run: Int, in world: World) throws {
    guard world.slices[run]?.isLost == true else { return }
    // Lost while it took the run over: its numbers are still here.
    guard audit.isSliced(run) else { return try handle(.placed(run: run, .unchanged), in: world) }
    world.seen["slices are lost", default: 0] += 1
    world.disk.settle(at: .max)
    let saved = world.disk.recovered()[run]
    committed = committed.filter { $0[0] != run || $0[1] < saved?.step ?? 0 }
    for identifier in entries.keys { entries[identifier]?.versions[run] = nil }
    try handle(.lostReducers(run: run, saved: saved), in: world)
  }

  mutating func drain(_ identifier: WorkerIdentifier, in world: World) throws {
    world.coordinatorDrains.remove(identifier)
    world.note("\(identifier) is drained")
    entries[identifier]?.isDraining = true
    try handle(.cluster(.draining(identifier)), in: world)
  }

  mutating func lose(_ identifier: WorkerIdentifier, in world: World) throws {
    departed.insert(identifier)
    guard entries.removeValue(forKey: identifier) != nil else { return }
    world.note("\(identifier) is lost")
    try handle(.cluster(.left(identifier)), in: world)
  }

  /// Lets the audit take an event, and does what it asks for.
  mutating func handle(_ event: AuditStateMachine.Event, in world: World) throws {
    var events = [event]
    while !events.isEmpty {
      for action in try audit.handle(events.removeFirst(), at: time(in: world)) {
        if let answer = try perform(action, in: world) { events.append(answer) }
      }
    }
  }

  /// Does what the audit asks for; returns an answer that follows at once.
  private mutating func perform(
    _ action: AuditStateMachine.Action, in world: World
  ) throws -> AuditStateMachine.Event? {
    do {
      world.see(action)
      switch action {
      case .grant(let lease): grant(lease, isReminder: false, in: world)
      case .remind(let lease): grant(lease, isReminder: true, in: world)
      case .recall(let lease):
        world.note("recall \(lease.identifier) from \(lease.worker)")
        if let entry = entries[lease.worker] {
          world.send(.recall(lease.identifier), to: lease.worker, of: entry.worker)
        }
      case .commit(let step): commit(step, in: world)
      case .save(let run, let state):
        world.disk.save(state, run: run, at: world.now, delay: world.diskDelay())
      case .trained(let run, let trained):
        check(
          TensorDigest(of: trained.parameters.floats) == world.reference.parameters[run],
          "run \(run) is trained otherwise", world)
        let reference = world.reference.finished[run]
        check(trained.losses == reference.losses, "run \(run) has other losses", world)
        check(
          trained.validationLosses[...] == reference.validationLosses.dropLast(),
          "run \(run) has other validation losses", world)
      case .completed(let run, let finished):
        world.note("run \(run) is completed")
        check(finished == world.reference.finished[run], "run \(run) has finished with \(finished)", world)
        world.disk.append(.completed(run: run, finished), at: world.now, delay: world.diskDelay())
        world.lastProgress = world.now
      case .phaseBegan(_, let number), .phaseEnded(_, let number):
        check(phases.last ?? 0 <= number, "phase \(number) comes late", world)
        phases.append(number)
      case .dismissed(let identifier, let dismissal, let reason):
        dismiss(identifier, dismissal, reason: reason, in: world)
      case .notice(let text): world.note(text)
      case .disagreement(let entries, let work): world.note("\(entries) do not agree about \(work)")
      case .finished: world.note("finished")
      case .decide(let phase): return .decided(isNeeded: world.work.isNeeded(phase, audit.completed))
      case .initialize(let run): return .initialized(run: run, world.work.initialState(run))
      case .place(let run): try place(run, in: world)
      case .withdraw(let run):
        let memory = world.memory[run]
        if memory.buffer === audit.parameters(of: run) { memory.version = -1 }
        world.answer(.withdrawn(run: run))
      case .publish(let run, let version):
        let memory = world.memory[run]
        if memory.buffer === audit.parameters(of: run) { memory.version = version }
      case .reducers(let run, let request):
        guard let slices = world.slices[run] else { break }
        if request == .release { world.slices[run] = nil }
        if let answer = try slices.answer(request) { world.answer(.reducers(run: run, answer), of: slices) }
      }
    }
    return nil
  }

  /// Chooses where the parameters of a run lie, which takes some time where a reducer takes them over.
  private mutating func place(_ run: Int, in world: World) throws {
    let state = audit.state(of: run)
    let memory = world.memory[run]
    if world.scenario.hasReducer, let state {
      let slices = SimulatedSlices(state: state, weightDecay: world.work.optimizer.weightDecay)
      world.slices[run] = slices
      world.answer(.placed(run: run, .reducers), of: slices)
    } else if world.scenario.sharesMemory.contains(true), let state, memory.buffer !== state.parameters {
      memory.version = -1
      memory.buffer.copy(from: state.parameters)
      memory.version = state.step
      world.answer(.placed(run: run, .shared(memory.buffer)))
    } else {
      world.answer(.placed(run: run, .unchanged))
    }
  }

  private mutating func dismiss(
    _ identifier: WorkerIdentifier, _ dismissal: AuditStateMachine.Dismissal, reason: String, in world: World
  ) {
    world.note("\(identifier) is dismissed: \(reason)")
    departed.insert(identifier)
    guard let entry = entries.removeValue(forKey: identifier) else { return }
    world.send(.dismissed(dismissal), to: identifier, of: entry.worker)
    switch dismissal {
    case .refused:
      let isHonest = world.workers[entry.worker].character == .honest && !world.suspects.contains(entry.worker)
      check(!isHonest, "\(identifier) is honest, but was refused: \(reason)", world)
    case .drained: check(entry.isDraining, "\(identifier) was not to be drained", world)
    case .silent: break
    }
  }

  private mutating func grant(_ lease: Lease, isReminder: Bool, in world: World) {
    guard audit.lease(lease.identifier) == lease else { return }
    guard let entry = entries[lease.worker] else {
      return check(false, "lease \(lease.identifier) is granted to \(lease.worker), which has left", world)
    }
    check(!entry.isDraining || isReminder, "\(lease.worker) is drained, but is assigned \(lease.work)", world)
    guard let version = audit.version(of: lease.run), var parameters = audit.parameters(of: lease.run) else {
      return check(false, "run \(lease.run) is assigned, but not open", world)
    }
    let generation = audit.generation(of: lease.run)
    world.note(
      "\(isReminder ? "remind" : "grant") \(lease.identifier) to \(lease.worker): run \(lease.run) \(lease.work)")
    let isShared = world.workers[entry.worker].sharesMemory && world.memory[lease.run].buffer === parameters
    let work: WorkerLease.Work
    switch lease.work {
    case .training: work = .training
    case .units(let round, let units):
      work =
        round.isStep
        ? .microBatches(units) : .blocks(audit.runs[lease.run].numberedBlocks(units, of: round.kind))
    }
    let sent = WorkerLease(
      identifier: lease.identifier, run: lease.run, version: version, work: work,
      sharesMemory: isShared && work != .training, generation: generation)
    if isReminder || entries[lease.worker]?.plans.insert(lease.run).inserted == true {
      world.send(.plan(lease.run), to: lease.worker, of: entry.worker)
    }
    if work == .training {
      guard let state = audit.state(of: lease.run) else { return }
      world.send(.state(run: lease.run, generation: generation, state.copy), to: lease.worker, of: entry.worker)
    } else if !sent.sharesMemory, isReminder || entry.versions[lease.run] != version {
      entries[lease.worker]?.versions[lease.run] = version
      if audit.isSliced(lease.run), let slices = world.slices[lease.run] {
        guard !slices.isLost else { return }
        parameters = slices.slice.parameters
      }
      let floats = FloatBuffer(copying: parameters)
      world.send(
        .parameters(run: lease.run, version: version, generation: generation, floats), to: lease.worker,
        of: entry.worker)
    }
    world.send(.grant(sent, end: lease.end ?? 0), to: lease.worker, of: entry.worker)
  }

  private mutating func commit(_ step: CommittedStep, in world: World) {
    let (gradient, parameters): (TensorDigest, TensorDigest)
    switch step.result {
    case .buffers(let sum, let values):
      (gradient, parameters) = (TensorDigest(of: sum.floats), TensorDigest(of: values.floats))
    case .digests(let sum, let values): (gradient, parameters) = (sum, values)
    }
    world.note("commit step \(step.step) of run \(step.run)")
    let name = "step \(step.step) of run \(step.run)"
    guard world.reference.steps[step.run].indices.contains(step.step) else {
      return check(false, "\(name) is one too many", world)
    }
    let expected = world.reference.steps[step.run][step.step]
    let found = Reference.Step(
      samples: step.samples, units: step.deliveries.reduce(0) { $0 + $1.units.count }, lossSum: step.lossSum,
      gradient: gradient, parameters: parameters)
    check(found == expected, "\(name) is \(found) instead of \(expected)", world)
    check(step.deliveries.first?.units.lowerBound == 0, "\(name) does not begin with its first micro-batch", world)
    for (left, right) in zip(step.deliveries, step.deliveries.dropFirst()) {
      check(left.units.upperBound == right.units.lowerBound, "\(name) has overlapping deliveries", world)
    }
    check(committed.insert([step.run, step.step]).inserted, "\(name) is committed twice", world)
    let entry = SimulatedDisk.StepEntry(run: step.run, step: step.step, gradient: gradient, parameters: parameters)
    world.disk.append(.step(entry), at: world.now, delay: world.diskDelay())
  }

  private func check(_ condition: Bool, _ text: @autoclosure () -> String, _ world: World) {
    if !condition, world.problem == nil { world.problem = text() }
  }
}

extension World {
  /// Counts what happens.
  fileprivate func see(_ action: AuditStateMachine.Action) {
    let name: String? =
      switch action {
      case .grant(let lease):
        switch lease.round?.kind {
        case .step?: "micro-batches are assigned"
        case .evaluation?: "blocks are assigned"
        case .validation?: "blocks of a validation curve are assigned"
        case nil: "a run is assigned whole"
        }
      case .remind: "a lease is sent again"
      case .recall: "a run is recalled"
      case .commit(let step): step.deliveries.count > 1 ? "a step is shared" : "a step is done by one"
      case .dismissed(_, let dismissal, _): "a worker is dismissed, \(dismissal)"
      case .notice(let text): text.contains("diverged") ? "a run diverges" : nil
      case .disagreement: "workers disagree"
      default: nil
      }
    if let name { seen[name, default: 0] += 1 }
  }
}

import Optimization
import Planning
import Scheduler
import Support

/// The shell around an audit, as the real one is, with a simulated network and disk.
struct SimulatedCoordinator {
  var audit: AuditStateMachine
  private var members: [Member: Entry] = [:]
  /// Members that have left do not come back.
  private var departed: Set<Member> = []
  private var committed: Set<[Int]> = []
  private var phases: [Int] = []

  private struct Entry {
    let worker: Int
    var plans: Set<Int> = []
    var versions: [Int: Int] = [:]
    var isDraining = false
  }

  init(in world: World) {
    let (work, memory) = (world.work, world.memory)
    let audit = AuditWork(
      runs: work.runs, phases: work.phases, optimizer: work.optimizer,
      isNeeded: { work.isNeeded($0, $1) },
      initialState: { work.initialState($0) },
      place: world.scenario.sharesMemory.contains(true) ? { run, _ in memory[run].place } : { _, _ in nil },
      slices: { [weak world] run, state, optimizer in
        guard let world, world.scenario.hasReducer else { return nil }
        let slices = SimulatedSlices(state: state, weightDecay: optimizer.weightDecay)
        world.slices[run] = slices
        return slices
      })
    self.audit = AuditStateMachine(
      work: audit,
      cluster: ClusterStateMachine(
        timing: world.scenario.timing, duplicateRate: world.scenario.duplicateRate, flaw: world.flaw),
      completed: world.disk.completed, recovered: world.disk.recovered())
  }

  private func time(in world: World) -> Duration { .microseconds(world.now) }

  mutating func take(_ message: WorkerMessage, from member: Member, of worker: Int, in world: World) throws {
    let now = time(in: world)
    guard let entry = members[member] else {
      guard case .hello = message, !departed.contains(member) else {
        return world.send(.unknown, to: member, of: worker)
      }
      for (other, entry) in members where entry.worker == worker { try lose(other, in: world) }
      members[member] = Entry(worker: worker)
      world.note("\(member) joins")
      world.send(.welcome, to: member, of: worker)
      return try perform(audit.join(member, at: now), in: world)
    }
    let before = (audit.stepsDone, audit.samplesDone)
    audit.hear(member, at: now)
    switch message {
    case .hello: world.send(.welcome, to: member, of: entry.worker)
    case .heartbeat: break
    case .units(let lease, let units):
      guard let units = try arrived(units, lease: lease) else { break }
      try perform(audit.deliver(lease: lease, from: member, units, at: now), in: world)
    case .steps(let lease, let steps): try perform(audit.deliver(lease: lease, from: member, steps, at: now), in: world)
    case .stale(let lease):
      world.seen["a lease is given back as stale", default: 0] += 1
      try perform(audit.giveBack(lease: lease, from: member, at: now), in: world)
    }
    if world.coordinatorDrains.contains(member), members[member] != nil { try drain(member, in: world) }
    if before != (audit.stepsDone, audit.samplesDone) { world.lastProgress = world.now }
  }

  /// What reducers say of gradients that went to them; nil where they are gone.
  private func arrived(_ units: DeliveredUnits, lease: Int) throws -> DeliveredUnits? {
    guard case .gradients(let nodes, _) = units, let run = audit.cluster.lease(lease)?.run,
      let slices = audit.slices(of: run) as? SimulatedSlices
    else { return units }
    return try slices.take(nodes, lease: lease)
  }

  /// The coordinator notices that the reducer of a run is gone.
  mutating func loseSlices(of run: Int, in world: World) throws {
    guard (audit.slices(of: run) as? SimulatedSlices)?.isLost == true else { return }
    world.seen["slices are lost", default: 0] += 1
    world.disk.settle(at: .max)
    let kept = world.disk.recovered()[run]
    committed = committed.filter { $0[0] != run || $0[1] < kept?.step ?? 0 }
    for member in members.keys { members[member]?.versions[run] = nil }
    try perform(audit.loseSlices(of: run, kept: kept, at: time(in: world)), in: world)
  }

  mutating func drain(_ member: Member, in world: World) throws {
    world.coordinatorDrains.remove(member)
    world.note("\(member) is drained")
    members[member]?.isDraining = true
    try perform(audit.drain(member, at: time(in: world)), in: world)
  }

  mutating func lose(_ member: Member, in world: World) throws {
    departed.insert(member)
    guard members.removeValue(forKey: member) != nil else { return }
    world.note("\(member) is lost")
    try perform(audit.leave(member, at: time(in: world)), in: world)
  }

  mutating func perform(_ actions: [AuditStateMachine.Action], in world: World) throws {
    for action in actions {
      world.see(action)
      switch action {
      case .grant(let lease): grant(lease, isReminder: false, in: world)
      case .remind(let lease): grant(lease, isReminder: true, in: world)
      case .recall(let lease):
        world.note("recall \(lease.identifier) from \(lease.member)")
        if let entry = members[lease.member] {
          world.send(.recall(lease.identifier), to: lease.member, of: entry.worker)
        }
      case .commit(let step): commit(step, in: world)
      case .save(let run, let state):
        world.disk.save(state, run: run, at: world.now, delay: world.diskDelay())
      case .trained(let run, let trained):
        check(
          TensorDigest(of: trained.parameters.floats) == world.reference.parameters[run],
          "run \(run) is trained otherwise", world)
        check(trained.losses == world.reference.finished[run].losses, "run \(run) has other losses", world)
      case .completed(let run, let finished):
        world.note("run \(run) is completed")
        check(finished == world.reference.finished[run], "run \(run) has come to \(finished)", world)
        world.disk.append(.completed(run: run, finished), at: world.now, delay: world.diskDelay())
        world.lastProgress = world.now
      case .phaseBegan(_, let number), .phaseEnded(_, let number):
        check(phases.last ?? 0 <= number, "phase \(number) comes late", world)
        phases.append(number)
      case .dismissed(let member, let dismissal, let reason): dismiss(member, dismissal, reason: reason, in: world)
      case .notice(let text): world.note(text)
      case .disagreement(let members, let work): world.note("\(members) do not agree about \(work)")
      case .finished: world.note("finished")
      }
    }
  }

  private mutating func dismiss(
    _ member: Member, _ dismissal: AuditStateMachine.Dismissal, reason: String, in world: World
  ) {
    world.note("\(member) is dismissed: \(reason)")
    departed.insert(member)
    guard let entry = members.removeValue(forKey: member) else { return }
    world.send(.dismissed(dismissal), to: member, of: entry.worker)
    switch dismissal {
    case .refused:
      let isHonest = world.workers[entry.worker].character == .honest && !world.suspects.contains(entry.worker)
      check(!isHonest, "\(member) is honest, but was put aside: \(reason)", world)
    case .drained: check(entry.isDraining, "\(member) was not to be drained", world)
    case .silent: break
    }
  }

  private mutating func grant(_ lease: Lease, isReminder: Bool, in world: World) {
    guard audit.cluster.lease(lease.identifier) == lease else { return }
    guard let entry = members[lease.member] else {
      return check(false, "lease \(lease.identifier) is granted to \(lease.member), who is no member", world)
    }
    check(!entry.isDraining || isReminder, "\(lease.member) is drained, but is lent \(lease.work)", world)
    guard let version = audit.version(of: lease.run), var parameters = audit.parameters(of: lease.run) else {
      return check(false, "run \(lease.run) is lent, but not open", world)
    }
    let generation = audit.generation(of: lease.run)
    world.note(
      "\(isReminder ? "remind" : "grant") \(lease.identifier) to \(lease.member): run \(lease.run) \(lease.work)")
    let isShared = world.workers[entry.worker].sharesMemory && world.memory[lease.run].buffer === parameters
    let work: WorkerLease.Work
    switch lease.work {
    case .training: work = .training
    case .units(let round, let units): work = round.kind == .evaluation ? .blocks(units) : .microBatches(units)
    }
    let sent = WorkerLease(
      identifier: lease.identifier, run: lease.run, version: version, work: work,
      sharesMemory: isShared && work != .training, generation: generation)
    if isReminder || members[lease.member]?.plans.insert(lease.run).inserted == true {
      world.send(.plan(lease.run), to: lease.member, of: entry.worker)
    }
    if work == .training {
      guard let state = audit.state(of: lease.run) else { return }
      world.send(.state(run: lease.run, generation: generation, state.copy), to: lease.member, of: entry.worker)
    } else if !sent.sharesMemory, isReminder || entry.versions[lease.run] != version {
      members[lease.member]?.versions[lease.run] = version
      if let slices = audit.slices(of: lease.run) as? SimulatedSlices {
        guard !slices.isLost else { return }
        parameters = slices.slice.parameters
      }
      let floats = FloatBuffer(copying: parameters)
      world.send(
        .parameters(run: lease.run, version: version, generation: generation, floats), to: lease.member,
        of: entry.worker)
    }
    world.send(.grant(sent, end: lease.end ?? 0), to: lease.member, of: entry.worker)
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
    check(found == expected, "\(name) has come to \(found) instead of \(expected)", world)
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
        lease.round.map { $0.kind == .evaluation ? "blocks are lent" : "micro-batches are lent" }
          ?? "a run is lent whole"
      case .remind: "a lease is sent again"
      case .recall: "a run is asked back"
      case .commit(let step): step.deliveries.count > 1 ? "a step is shared" : "a step is done by one"
      case .dismissed(_, let dismissal, _): "a member is dismissed, \(dismissal)"
      case .notice(let text): text.contains("diverged") ? "a run diverges" : nil
      case .disagreement: "members disagree"
      default: nil
      }
    if let name { seen[name, default: 0] += 1 }
  }
}

extension SharedMemory {
  /// The region as an audit sees it.
  var place: ParameterPlace {
    ParameterPlace(buffer: buffer, willChange: { self.version = -1 }, didChange: { self.version = $0 })
  }
}

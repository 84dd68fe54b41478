package import Optimization
internal import Planning
internal import Support

// The graph of what there is to do: phases one after another, so that the wall-clock of each can be told, and within
// them runs that are trained and then evaluated.
extension AuditStateMachine {
  /// Begins with the first phase that is not done.
  package mutating func start(at now: Duration) throws -> [Action] {
    try go(at: now) { (audit) throws in try audit.nextPhase(at: now) }
  }

  /// A worker was let in.
  package mutating func join(_ member: Member, at now: Duration) throws -> [Action] {
    try go(at: now) { (audit) throws in
      try audit.perform(audit.cluster.join(member, at: now), at: now) + audit.fill(at: now)
    }
  }

  /// A worker has gone.
  package mutating func leave(_ member: Member, at now: Duration) throws -> [Action] {
    try go(at: now) { (audit) throws in try audit.perform(audit.cluster.leave(member, at: now), at: now) }
  }

  /// A worker should finish what it holds, and go.
  package mutating func drain(_ member: Member, at now: Duration) throws -> [Action] {
    try go(at: now) { (audit) throws in try audit.perform(audit.cluster.drain(member, at: now), at: now) }
  }

  /// Anything came from a worker.
  package mutating func hear(_ member: Member, at now: Duration) { cluster.hear(member, at: now) }

  /// Time has passed.
  package mutating func tick(at now: Duration) throws -> [Action] {
    try go(at: now) { (audit) throws in try audit.perform(audit.cluster.tick(at: now), at: now) }
  }

  /// Copies of the states of all runs under way, for a sitting that ends.
  package func states() -> [(run: Int, state: TrainingState)] {
    open.keys.sorted().compactMap { run in
      guard let training = open[run]?.training, training.step > 0, let state = training.collect() else { return nil }
      return (run, training.slices == nil ? state.copy : state)
    }
  }

  private mutating func go(at now: Duration, _ body: (inout Self) throws -> [Action]) throws -> [Action] {
    guard !isFinished else { return [] }
    return try body(&self)
  }

  /// Goes on to the next phase that has something to do.
  private mutating func nextPhase(at now: Duration) throws -> [Action] {
    var actions: [Action] = []
    if let phase { actions.append(.phaseEnded(phase, number: phaseIndex)) }
    repeat {
      phaseIndex += 1
      guard let phase else {
        isFinished = true
        return actions + [.finished]
      }
      ahead = phase.runs.filter { completed[$0] == nil && (phase.kind != .training || trained[$0] == nil) }
      if try !ahead.isEmpty && !work.isNeeded(phase, completed) { ahead = [] }
    } while ahead.isEmpty
    if let phase { actions.append(.phaseBegan(phase, number: phaseIndex)) }
    return actions + (try goOn(at: now))
  }

  /// Begins runs: enough that no worker waits for another's step, no more than memory should hold.
  mutating func fill(at now: Duration) throws -> [Action] {
    try atOnce(at: now) { (audit) throws in
      var actions: [Action] = []
      let enough = max(2, audit.cluster.memberCount)
      // Runs that are evaluated are about to end: others may begin beside them, so that nobody shares runs meanwhile.
      while let next = audit.ahead.first {
        let pack = audit.work.runs[next].schedule.pack
        let most = enough * (pack?.size ?? 1)
        guard audit.cluster.trainingCount <= most, audit.open.count <= 2 * most else { break }
        // Whoever is lent one of a pack is lent all of it.
        repeat {
          actions += try audit.begin(run: audit.ahead.removeFirst(), at: now)
        } while pack != nil
          && audit.ahead.first.map { audit.work.runs[$0].schedule.pack?.number == pack?.number } == true
      }
      return actions
    }
  }

  /// Lends only when all of several changes are made: else a run would be shared or asked back in between, though the next
  /// change brings work enough.
  mutating func atOnce(at now: Duration, _ body: (inout Self) throws -> [Action]) throws -> [Action] {
    cluster.hold()
    let actions: [Action]
    do {
      actions = try body(&self)
    } catch {
      cluster.release()
      throw error
    }
    cluster.release()
    return actions + (try perform(cluster.reconsider(at: now), at: now))
  }

  /// What follows when a run of the phase is done.
  mutating func goOn(at now: Duration) throws -> [Action] {
    let actions = try fill(at: now)
    guard !isFinished, ahead.isEmpty, open.isEmpty else { return actions }
    return actions + (try nextPhase(at: now))
  }

  mutating func begin(run: Int, at now: Duration) throws -> [Action] {
    let plan = work.runs[run]
    if let trained = trained[run] {
      let state = TrainingState(
        step: plan.schedule.steps, parameters: trained.parameters, losses: trained.losses,
        divergedAt: trained.divergedAt)
      open[run] = OpenRun(training: TrainingRun(schedule: plan.schedule, training: work.optimizer, state: state))
      return try evaluate(run: run, at: now)
    }
    let state: TrainingState
    if let kept = recovered.removeValue(forKey: run) {
      state = kept
    } else {
      state = try work.initialState(run)
    }
    samplesDone += samples(behind: state, of: plan)
    open[run] = OpenRun(
      training: TrainingRun(schedule: plan.schedule, training: work.optimizer, state: state), saved: now)
    return try train(run: run, at: now)
  }

  /// What counts as done of a run that stands before this state.
  func samples(behind state: TrainingState, of plan: PlannedRun) -> Int {
    min(state.step * plan.schedule.batch, plan.schedule.trainingItems.count * plan.schedule.epochs) + state.traces.count
      * plan.evaluationSamples
  }

  /// Goes on with an open run from where it stands: its training, or an evaluation.
  mutating func train(run: Int, at now: Duration) throws -> [Action] {
    guard let training = open[run]?.training else { return [] }
    if training.isTrained { return try finishTraining(run: run, at: now) }
    if training.lacksTrace { return try trace(run: run, at: now) }
    let (schedule, step) = (training.schedule, training.step)
    return try perform(
      cluster.openTraining(
        run: run, step: step, end: schedule.stop(after: step), microBatches: schedule.microBatchCount(step: 0),
        pack: schedule.pack?.number, at: now), at: now)
  }

  /// A run has come to a later step.
  mutating func advance(run: Int, at now: Duration) throws -> [Action] {
    guard let training = open[run]?.training else { return [] }
    guard training.lacksTrace else {
      return try perform(cluster.advance(run: run, to: training.step, at: now), at: now)
    }
    return try atOnce(at: now) { (audit) throws in
      let actions = try audit.perform(audit.cluster.advance(run: run, to: training.step, at: now), at: now)
      return actions + (try audit.trace(run: run, at: now))
    }
  }

  /// Evaluates a run in between; its numbers must lie here for that.
  private mutating func trace(run: Int, at now: Duration) throws -> [Action] {
    guard gather(run: run) else { return try stopLost(run: run, at: now) }
    return try evaluate(run: run, at: now)
  }

  /// The last step is done, or the run has diverged.
  mutating func finishTraining(run: Int, at now: Duration) throws -> [Action] {
    try atOnce(at: now) { (audit) throws in try audit.goOnBehindTraining(run: run, at: now) }
  }

  private mutating func goOnBehindTraining(run: Int, at now: Duration) throws -> [Action] {
    // What is evaluated and written lies here.
    guard gather(run: run) else { return try stopLost(run: run, at: now) }
    guard let training = open[run]?.training else { return [] }
    var actions = try perform(cluster.close(run: run, at: now), at: now)
    if work.runs[run].purpose != .given {
      var state = training.state
      state.moments = nil
      actions.append(.save(run: run, state.copy))
    }
    switch work.runs[run].purpose {
    case .task where phase?.kind == .training:
      let done = TrainedRun(
        parameters: FloatBuffer(copying: training.parameters), losses: training.losses, divergedAt: training.divergedAt)
      open[run] = nil
      trained[run] = done
      actions.append(.trained(run: run, done))
      return actions + (try goOn(at: now))
    case .task, .fleet, .given, .search:
      return actions + (try evaluate(run: run, at: now))
    }
  }

  private mutating func evaluate(run: Int, at now: Duration) throws -> [Action] {
    guard open[run] != nil else { return [] }
    let blocks = work.runs[run].schedule.evaluationBlockCount
    open[run]?.blocks = Array(repeating: nil, count: blocks)
    let actions = try fill(at: now)
    return actions + (try perform(cluster.open(Round(run: run, kind: .evaluation), units: blocks, at: now), at: now))
  }

  /// Does what the cluster asks for as far as it concerns the runs, and passes on the rest.
  mutating func perform(_ asked: [ClusterStateMachine.Action], at now: Duration) throws -> [Action] {
    var actions: [Action] = []
    for action in asked {
      switch action {
      // It may have ended through what was done first.
      case .grant(let lease): if cluster.lease(lease.identifier) != nil { actions.append(.grant(lease)) }
      case .remind(let lease): if cluster.lease(lease.identifier) != nil { actions.append(.remind(lease)) }
      case .recall(let lease): actions.append(.recall(lease))
      case .share(let run): actions += try share(run: run, at: now)
      case .count(let lease): actions += try count(lease)
      case .discard(let lease): waiting[lease] = nil
      case .completed(let round): actions += try complete(round, at: now)
      case .restart(let round): restart(round)
      case .disagreement(let round, let units, let members):
        actions.append(.disagreement(members, about: text(of: units, in: round)))
      case .expelled(let member, let reason): actions.append(.dismissed(member, .silent, reason: reason))
      case .putAside(let member, let round, let units):
        let reason = "its results for \(text(of: units, in: round)) differ from those of two other workers"
        actions.append(.dismissed(member, .refused, reason: reason))
      case .drained(let member): actions.append(.dismissed(member, .drained, reason: "it was drained"))
      }
    }
    return actions
  }

  /// "full/seed-13, step 3, micro-batches 0 to 3"
  private func text(of units: Range<Int>, in round: Round) -> String {
    "\(work.runs[round.run].identifier), \(Lease.Work.units(round, units))"
  }

  /// The run's current step is worked on by all.
  private mutating func share(run: Int, at now: Duration) throws -> [Action] {
    guard let training = open[run]?.training else { return [] }
    if training.slices == nil, let slices = work.slices(run, training.state, work.optimizer) {
      open[run]?.training = TrainingRun(
        schedule: training.schedule, training: work.optimizer, state: training.state, slices: slices)
      open[run]?.place = nil
    } else if training.slices == nil, open[run]?.place == nil, let place = work.place(run, training.parameterCount) {
      place.willChange()
      place.buffer.copy(from: training.parameters)
      place.didChange(training.step)
      var state = training.state
      state.parameters = place.buffer
      open[run]?.training = TrainingRun(schedule: training.schedule, training: work.optimizer, state: state)
      open[run]?.place = place
    }
    let round = Round(run: run, kind: .step(training.step))
    return try perform(cluster.open(round, units: training.microBatches.count, at: now), at: now)
  }
}

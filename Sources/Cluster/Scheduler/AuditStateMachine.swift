package import Optimization
package import Planning
package import Support

/// Takes the runs of an audit from their first step to their last prediction, over a cluster whose workers come and go:
/// events in, actions out, without sockets, files, processes, clocks or threads.
///
/// It holds the parameters, adds gradients and updates, and decides what comes next. The caller performs the actions in
/// order; an action that asks for something is answered by a later event. The coordinator's event loop is one caller,
/// the simulator of the tests another.
package struct AuditStateMachine {
  package let runs: [PlannedRun]
  package let phases: [Phase]
  package let optimizer: OptimizerSettings
  /// How additions and updates are spread over cores.
  private let loop: ElementLoop
  private(set) var cluster: ClusterStateMachine
  /// Runs that are being trained or evaluated.
  private(set) var open: [Int: OpenRun] = [:]
  /// Runs whose initial state was requested; nothing is assigned until all of them are open.
  private var initializing: Set<Int> = []
  /// Parameters of trained runs that wait for their evaluation.
  private var trained: [Int: TrainedRun] = [:]
  package private(set) var completed: [Int: FinishedRun]
  /// States of unfinished runs, from interrupted sessions or from before reducers were lost.
  private(set) var recovered: [Int: TrainingState]
  /// How often each run has gone back to an earlier state.
  private var generations: [Int: Int] = [:]
  /// Deliveries that wait to be counted, by their lease.
  private(set) var waiting: [Int: DeliveredUnits] = [:]
  /// Runs of the current phase that are not begun.
  private var ahead: [Int] = []
  private var phaseIndex = -1
  /// Whether it was asked if the current phase is needed.
  private var isDeciding = false
  package private(set) var samplesDone = 0
  package private(set) var stepsDone = 0
  package private(set) var isFinished = false

  /// - Parameters:
  ///   - completed: runs that earlier sessions have finished, by their position.
  ///   - recovered: states that earlier sessions have left of unfinished runs.
  package init(
    runs: [PlannedRun], phases: [Phase], optimizer: OptimizerSettings, loop: ElementLoop = .serial,
    cluster: ClusterStateMachine, completed: [Int: FinishedRun] = [:], recovered: [Int: TrainingState] = [:]
  ) {
    self.runs = runs
    self.phases = phases
    self.optimizer = optimizer
    self.loop = loop
    self.cluster = cluster
    self.completed = completed
    self.recovered = recovered
    samplesDone = completed.keys.reduce(0) { $0 + runs[$1].samples }
  }

  /// The events that the machine takes.
  package enum Event {
    /// The first phase may begin.
    case started
    case cluster(ClusterEvent)
    /// A worker delivered the results of some units.
    case units(DeliveredUnits, lease: Int, from: WorkerIdentifier)
    /// A worker delivered steps of a run that it was assigned whole.
    case steps(DeliveredSteps, lease: Int, from: WorkerIdentifier)
    /// A worker sent what no honest worker sends.
    case misbehaved(WorkerIdentifier, reason: String)
    /// The session ends soon: the states of all open runs should be saved.
    case stopping
    /// Answers `decide`.
    case decided(isNeeded: Bool)
    /// Answers `initialize`.
    case initialized(run: Int, TrainingState)
    /// Answers `place`.
    case placed(run: Int, Placement)
    /// Answers `withdraw`: no reader needs the parameters of this run any more.
    case withdrawn(run: Int)
    /// Answers `reducers`, in the order of the requests.
    case reducers(run: Int, ReducerAnswer)
    /// Reducers of the run are lost, and with them the steps since its state was saved last; they are not asked again.
    case lostReducers(run: Int, saved: TrainingState?)
  }

  /// The actions that the caller must take, in order.
  package enum Action {
    /// Send the lease to its worker, with the parameters or the state that it needs.
    case grant(Lease)
    /// Send the lease again, with parameters or state even if they were sent before: they, the lease or its delivery
    /// may have been lost. A worker that has the lease ignores it.
    case remind(Lease)
    /// Ask the worker to finish the step under way and to give the run back.
    case recall(Lease)
    /// Record the step in the ledger.
    case commit(CommittedStep)
    /// Save the state, so that a later session can resume from it; its buffers do not change any more.
    case save(run: Int, TrainingState)
    /// A task run is trained: write its checkpoint.
    case trained(run: Int, TrainedRun)
    /// A run is done: record its predictions, and remove its state.
    case completed(run: Int, FinishedRun)
    case phaseBegan(Phase, number: Int)
    case phaseEnded(Phase, number: Int)
    /// The worker does not take part any more: tell it.
    case dismissed(WorkerIdentifier, Dismissal, reason: String)
    /// Workers disagree about this work, which is held until two agree.
    case disagreement([WorkerIdentifier], about: String)
    /// Something that a person should know.
    case notice(String)
    /// Everything is done.
    case finished
    /// Find out whether this phase is needed, given the runs that are completed.
    case decide(Phase)
    /// Make the state that the run starts from.
    case initialize(run: Int)
    /// Choose where the parameters of this run are while workers share its next step.
    case place(run: Int)
    /// The parameters of the run are about to change in place: find out when no reader needs them any more.
    case withdraw(run: Int)
    /// The run's parameters now have this version.
    case publish(run: Int, version: Int)
    /// Pass a request on to the reducers that hold the run's parameters.
    case reducers(run: Int, ReducerRequest)
  }

  package enum Dismissal: Hashable, Sendable {
    /// It was silent for too long, and may come back.
    case silent
    /// It sent what no honest worker sends, or its results are wrong.
    case refused
    /// It was drained, and holds nothing any more.
    case drained
  }

  /// Where the parameters of a run are while workers share it.
  package enum Placement {
    /// Where they were.
    case unchanged
    /// In memory that workers of this host can read; the numbers were copied there.
    case shared(FloatBuffer)
    /// In slices with reducers, which have the numbers.
    case reducers
  }

  /// A run that is being trained or evaluated.
  struct OpenRun {
    var training: TrainingRun
    var stage = Stage.working
    /// The request to the reducers for the run's parameters.
    var collection: Collection?
    /// Leases of the whole run that wait until its numbers are here.
    var heldGrants: [Lease] = []
    /// Whether workers should share the next step as soon as the run's numbers are here.
    var isSharePending = false
    /// Deliveries of the current step that count.
    var deliveries: [CommittedStep.Delivered] = []
    /// Logits of each evaluation block; nil while the block is missing.
    var blocks: [[Float]?] = []
    /// Digests of the parameters after each step that a worker computed under a lease of the whole run.
    var digests: [Int: TensorDigest] = [:]
    /// When the state was last saved.
    var saved: Duration = .zero
    /// The step at which a worker with the whole run found a gradient that is not finite.
    var divergenceClaim: (step: Int, worker: WorkerIdentifier)?

    /// Whether an answer is awaited before the run can continue.
    var isPending: Bool { stage != .working || collection?.gathers == true }
  }

  /// The dependencies of the current step of a shared run.
  enum Stage: Equatable {
    /// For workers, if for anything.
    case working
    case placing
    case withdrawing
    /// For the reducers to send a copy of the numbers, before they reduce.
    case collecting
    case reducing
    /// For the update of the parameters by the gradient of this digest.
    case updating(gradient: TensorDigest)
  }

  /// A copy of a run's numbers that was requested from its reducers.
  struct Collection {
    /// The state, without the numbers.
    let state: TrainingState
    /// Whether it is to be saved.
    var saves = false
    /// Whether the run continues without reducers.
    var gathers = false
  }

  /// Takes an event.
  ///
  /// - Throws: `AuditFailure` or `OptimizationError` when the audit cannot continue.
  package mutating func handle(_ event: Event, at now: Duration) throws -> [Action] {
    guard !isFinished else { return [] }
    switch event {
    case .started: return try nextPhase(at: now)
    case .cluster(let event):
      let actions = try perform(cluster.handle(event, at: now), at: now)
      if case .joined = event { return actions + (try fill(at: now)) }
      return actions
    case .units(let units, let lease, let worker): return try take(units, lease: lease, from: worker, at: now)
    case .steps(let steps, let lease, let worker): return try take(steps, lease: lease, from: worker, at: now)
    case .misbehaved(let worker, let reason): return try refuse(worker, because: reason, at: now)
    case .stopping: return open.keys.sorted().flatMap { saveState(run: $0, at: now) }
    case .decided(let isNeeded): return try decided(isNeeded: isNeeded, at: now)
    case .initialized(let run, let state):
      guard initializing.remove(run) != nil else { return [] }
      cluster.release()
      return try atOnce(at: now) { (audit) throws in try audit.open(run: run, state: state, at: now) }
    case .placed(let run, let placement): return try placed(run: run, placement, at: now)
    case .withdrawn(let run): return try update(run: run, at: now)
    case .reducers(let run, let answer): return try take(answer, run: run, at: now)
    case .lostReducers(let run, let saved): return try loseReducers(run: run, saved: saved, at: now)
    }
  }

  package var phase: Phase? { phases.indices.contains(phaseIndex) ? phases[phaseIndex] : nil }

  package var workerCount: Int { cluster.workerCount }

  /// The lease of this number; nil when it has ended.
  package func lease(_ identifier: Int) -> Lease? { cluster.lease(identifier) }

  /// The parameters for the run's current step or evaluation; nil when it is not open, empty if reducers hold them.
  /// They change with the next event: a caller that needs them longer must copy them.
  package func parameters(of run: Int) -> FloatBuffer? { open[run]?.training.parameters }

  /// The state that a lease of the whole run starts from; nil when the run is not open. Its buffers change with the
  /// next event.
  package func state(of run: Int) -> TrainingState? { open[run]?.training.state }

  /// Whether reducers hold the run's parameters.
  package func isSliced(_ run: Int) -> Bool { open[run]?.training.isSliced == true }

  /// Whether a copy of any run's numbers was requested from reducers.
  package var isCollecting: Bool { open.values.contains { $0.collection != nil } }

  /// How often the run has gone back to an earlier state in this session.
  package func generation(of run: Int) -> Int { generations[run] ?? 0 }

  /// The version of the run's parameters; nil when it is not open.
  package func version(of run: Int) -> Int? { open[run]?.training.step }

  /// Whether the run is trained and waits for its evaluation, or for its phase.
  func isTrained(_ run: Int) -> Bool { trained[run] != nil }

  /// Whether an earlier session has left a state of the run, which was not resumed yet.
  package func hasState(ofRun run: Int) -> Bool { recovered[run] != nil }

  /// How often the state of a run is saved: every second, and less often where it is so large that a disk could not
  /// keep up.
  package static func saveInterval(elements: Int) -> Duration { .milliseconds(max(1_000, elements * 12 / 12_500)) }
}

// Phases follow one another, so that the wall-clock time of each can be measured; within a phase, runs are trained and
// then evaluated.
extension AuditStateMachine {
  /// Ends the current phase and continues with the next one that has runs to do.
  private mutating func nextPhase(at now: Duration) throws -> [Action] {
    let ended = phase.map { [Action.phaseEnded($0, number: phaseIndex)] } ?? []
    return ended + (try considerPhase(at: now))
  }

  private mutating func considerPhase(at now: Duration) throws -> [Action] {
    repeat {
      phaseIndex += 1
      guard let phase else {
        isFinished = true
        return [.finished]
      }
      ahead = phase.runs.filter { completed[$0] == nil && (phase.kind != .training || trained[$0] == nil) }
    } while ahead.isEmpty
    guard let phase else { return [] }
    isDeciding = true
    return phase.isConditional ? [.decide(phase)] : try decided(isNeeded: true, at: now)
  }

  private mutating func decided(isNeeded: Bool, at now: Duration) throws -> [Action] {
    guard isDeciding, let phase else { return [] }
    isDeciding = false
    guard isNeeded else {
      ahead = []
      return try considerPhase(at: now)
    }
    return [.phaseBegan(phase, number: phaseIndex)] + (try afterRun(at: now))
  }

  /// A run of the phase is done, or none is begun yet.
  private mutating func afterRun(at now: Duration) throws -> [Action] {
    let actions = try fill(at: now)
    guard !isFinished, !isDeciding, ahead.isEmpty, initializing.isEmpty, open.isEmpty else { return actions }
    return actions + (try nextPhase(at: now))
  }

  /// Begins runs: enough that no worker waits for another's step, and no more than memory should hold.
  private mutating func fill(at now: Duration) throws -> [Action] {
    guard !isDeciding else { return [] }
    return try atOnce(at: now) { (audit) throws in
      var actions: [Action] = []
      let enough = max(2, audit.cluster.workerCount)
      // Runs that are being evaluated end soon: others may begin meanwhile, so that workers need not share runs
      // meanwhile.
      while let next = audit.ahead.first {
        let pack = audit.runs[next].schedule.pack
        let most = enough * (pack?.size ?? 1)
        let (begun, opened) = (audit.initializing.count, audit.open.count)
        guard audit.cluster.trainingCount + begun <= most, opened + begun <= 2 * most else { break }
        // A worker is assigned all runs of a pack.
        repeat {
          actions += try audit.begin(run: audit.ahead.removeFirst(), at: now)
        } while pack != nil && audit.ahead.first.map { audit.runs[$0].schedule.pack?.number == pack?.number } == true
      }
      return actions
    }
  }

  /// Assigns only after all of several changes: otherwise a run would be shared or recalled in between, although the
  /// next change brings enough work.
  private mutating func atOnce(at now: Duration, _ body: (inout Self) throws -> [Action]) throws -> [Action] {
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

  private mutating func begin(run: Int, at now: Duration) throws -> [Action] {
    if let trained = trained[run] {
      var state = TrainingState(
        step: runs[run].schedule.steps, parameters: trained.parameters, losses: trained.losses,
        divergedAt: trained.divergedAt)
      state.validationLosses = trained.validationLosses
      open[run] = OpenRun(training: TrainingRun(schedule: runs[run].schedule, training: optimizer, state: state))
      return try evaluate(run: run, at: now)
    }
    if let state = recovered.removeValue(forKey: run) { return try open(run: run, state: state, at: now) }
    initializing.insert(run)
    // Released when the state has arrived.
    cluster.hold()
    return [.initialize(run: run)]
  }

  private mutating func open(run: Int, state: TrainingState, at now: Duration) throws -> [Action] {
    samplesDone += samples(upTo: state, of: runs[run])
    open[run] = OpenRun(
      training: TrainingRun(schedule: runs[run].schedule, training: optimizer, state: state), saved: now)
    return try train(run: run, at: now)
  }

  /// The samples that are done of a run in this state.
  private func samples(upTo state: TrainingState, of plan: PlannedRun) -> Int {
    min(state.step * plan.schedule.batch, plan.schedule.trainingItems.count * plan.schedule.epochs)
      + plan.samples(ofEarlierEvaluations: state.traces.count + state.validationLosses.count)
  }

  /// Continues an open run with its next step, or with the evaluation that comes before it.
  private mutating func train(run: Int, at now: Duration) throws -> [Action] {
    guard let training = open[run]?.training else { return [] }
    if training.isTrained { return try finishTraining(run: run, at: now) }
    if training.isEvaluationDue { return try evaluateEarly(run: run, at: now) }
    let (schedule, step) = (training.schedule, training.step)
    return try perform(
      cluster.openTraining(
        run: run, step: step, end: schedule.stop(after: step), microBatches: schedule.microBatchCount(step: 0),
        pack: schedule.pack?.number, at: now), at: now)
  }

  /// The run has reached a later step.
  private mutating func advance(run: Int, at now: Duration) throws -> [Action] {
    guard let training = open[run]?.training else { return [] }
    guard training.isEvaluationDue else {
      return try perform(cluster.advance(run: run, to: training.step, at: now), at: now)
    }
    return try atOnce(at: now) { (audit) throws in
      let actions = try audit.perform(audit.cluster.advance(run: run, to: training.step, at: now), at: now)
      return actions + (try audit.evaluateEarly(run: run, at: now))
    }
  }

  /// Evaluates a run before its next step.
  private mutating func evaluateEarly(run: Int, at now: Duration) throws -> [Action] {
    isSliced(run) ? gather(run: run) : try evaluate(run: run, at: now)
  }

  /// The last step is done, or the run has diverged: it is evaluated, now or in a later phase.
  private mutating func finishTraining(run: Int, at now: Duration) throws -> [Action] {
    try atOnce(at: now) { (audit) throws in try audit.closeTraining(run: run, at: now) }
  }

  private mutating func closeTraining(run: Int, at now: Duration) throws -> [Action] {
    var actions = try perform(cluster.close(run: run, at: now), at: now)
    guard let training = open[run]?.training else { return actions }
    // Evaluating and writing need the parameters here; this is called again when they have arrived.
    guard !training.isSliced else { return actions + gather(run: run) }
    if runs[run].purpose != .given {
      var state = training.state
      state.moments = nil
      actions.append(.save(run: run, state.copy))
    }
    switch runs[run].purpose {
    case .task where phase?.kind == .training:
      let done = TrainedRun(
        parameters: FloatBuffer(copying: training.parameters), losses: training.losses,
        validationLosses: training.validationLosses, divergedAt: training.divergedAt)
      open[run] = nil
      trained[run] = done
      actions.append(.trained(run: run, done))
      return actions + (try afterRun(at: now))
    case .task, .shadowModel, .given, .search:
      return actions + (try evaluate(run: run, at: now))
    }
  }

  private mutating func evaluate(run: Int, at now: Duration) throws -> [Action] {
    guard let training = open[run]?.training else { return [] }
    let kind: Round.Kind = training.isEvaluationDue && runs[run].validation != nil ? .validation : .evaluation
    let blocks = runs[run].blockCount(of: kind)
    open[run]?.blocks = Array(repeating: nil, count: blocks)
    let actions = try fill(at: now)
    return actions + (try perform(cluster.open(Round(run: run, kind: kind), units: blocks, at: now), at: now))
  }

  /// All evaluation blocks of the run have been counted.
  private mutating func finishEvaluation(run: Int, at now: Duration) throws -> [Action] {
    guard let evaluated = open[run] else { return [] }
    let logits = evaluated.blocks.flatMap { $0 ?? [] }
    if evaluated.training.isEvaluationDue {
      if let validation = runs[run].validation {
        open[run]?.training.recordValidation(loss: validation.loss(of: logits) ?? .nan)
      } else {
        open[run]?.training.trace(logits)
      }
      return try atOnce(at: now) { (audit) throws in try audit.train(run: run, at: now) }
    }
    // After the step at which a run diverges, its parameters stay what they were.
    let missing = runs[run].schedule.tracedEpochs - evaluated.training.traces.count
    let done = FinishedRun(
      losses: evaluated.training.losses, logits: logits,
      traces: evaluated.training.traces + Array(repeating: logits, count: max(0, missing)),
      validationLosses: evaluated.training.validationLosses
        + [runs[run].validationLoss(ofLast: logits)].compactMap(\.self),
      divergedAt: evaluated.training.divergedAt)
    open[run] = nil
    trained[run] = nil
    completed[run] = done
    return [.completed(run: run, done)] + (try atOnce(at: now) { (audit) throws in try audit.afterRun(at: now) })
  }
}

// The scheduler's actions.
extension AuditStateMachine {
  /// Does what the scheduler asks for as far as it concerns the runs, and passes on the rest.
  private mutating func perform(_ requests: [ClusterStateMachine.Action], at now: Duration) throws -> [Action] {
    var actions: [Action] = []
    for action in requests {
      switch action {
      // A lease may have ended through an action before it.
      case .grant(let lease): if cluster.lease(lease.identifier) != nil { actions += grant(lease) }
      case .remind(let lease):
        if cluster.lease(lease.identifier) != nil, open[lease.run]?.heldGrants.contains(lease) != true {
          actions.append(.remind(lease))
        }
      case .recall(let lease):
        // A lease that its worker never got is given back when the run's numbers are here.
        if open[lease.run]?.heldGrants.contains(lease) != true { actions.append(.recall(lease)) }
      case .share(let run): actions += try share(run: run, at: now)
      case .count(let lease): try count(lease)
      case .discard(let lease): waiting[lease] = nil
      case .completed(let round):
        switch round.kind {
        case .step: actions += endStep(run: round.run)
        case .evaluation, .validation: actions += try finishEvaluation(run: round.run, at: now)
        }
      case .restart(let round): restart(round)
      case .disagreement(let round, let units, let workers):
        actions.append(.disagreement(workers, about: text(of: units, in: round)))
      case .expelled(let worker, let reason): actions.append(.dismissed(worker, .silent, reason: reason))
      case .quarantined(let worker, let round, let units):
        let reason = "its results for \(text(of: units, in: round)) differ from those of two other workers"
        actions.append(.dismissed(worker, .refused, reason: reason))
      case .drained(let worker): actions.append(.dismissed(worker, .drained, reason: "it was drained"))
      }
    }
    return actions
  }

  /// "full/seed-13, step 3, micro-batches 0 to 3"
  private func text(of units: Range<Int>, in round: Round) -> String {
    "\(runs[round.run].identifier), \(Lease.Work.units(round, units))"
  }

  /// A lease of a whole run whose parameters are with reducers is sent when they are here.
  private mutating func grant(_ lease: Lease) -> [Action] {
    guard case .training = lease.work, isSliced(lease.run) else { return [.grant(lease)] }
    open[lease.run]?.heldGrants.append(lease)
    return gather(run: lease.run)
  }

  /// Workers share the run's current step.
  private mutating func share(run: Int, at now: Duration) throws -> [Action] {
    guard let known = open[run] else { return [] }
    if known.collection?.gathers == true {
      open[run]?.isSharePending = true
      return []
    }
    if known.training.isSliced { return try openRound(run: run, at: now) }
    open[run]?.stage = .placing
    return [.place(run: run)]
  }

  private mutating func placed(run: Int, _ placement: Placement, at now: Duration) throws -> [Action] {
    guard let known = open[run], known.stage == .placing else { return [] }
    open[run]?.stage = .working
    switch placement {
    case .unchanged: break
    case .shared(let buffer):
      var state = known.training.state
      state.parameters = buffer
      open[run]?.training = TrainingRun(schedule: known.training.schedule, training: optimizer, state: state)
    case .reducers:
      open[run]?.training = TrainingRun(
        schedule: known.training.schedule, training: optimizer, state: known.training.state, isSliced: true)
    }
    return try openRound(run: run, at: now)
  }

  private mutating func openRound(run: Int, at now: Duration) throws -> [Action] {
    guard let training = open[run]?.training else { return [] }
    let round = Round(run: run, kind: .step(training.step))
    return try perform(cluster.open(round, units: training.microBatches.count, at: now), at: now)
  }

  /// Forgets what was counted for the round.
  private mutating func restart(_ round: Round) {
    switch round.kind {
    case .step:
      open[round.run]?.training.restartStep()
      open[round.run]?.deliveries = []
    case .evaluation, .validation:
      let blocks = open[round.run]?.blocks.count ?? 0
      open[round.run]?.blocks = Array(repeating: nil, count: blocks)
    }
  }
}

// Deliveries of units: a delivery waits until the scheduler counts or discards it. When all micro-batches of a step
// have been counted, the parameters are updated and the step is committed.
extension AuditStateMachine {
  private mutating func take(
    _ delivered: DeliveredUnits, lease identifier: Int, from worker: WorkerIdentifier, at now: Duration
  ) throws -> [Action] {
    guard let lease = cluster.lease(identifier), lease.worker == worker, lease.round != nil else { return [] }
    guard fits(delivered, lease: lease) else {
      return try refuse(worker, because: "its delivery of lease \(identifier) does not fit the lease", at: now)
    }
    waiting[identifier] = delivered
    return try perform(cluster.deliver(lease: identifier, from: worker, delivered, at: now), at: now)
  }

  /// Dismisses a worker that sent what no honest worker sends.
  private mutating func refuse(_ worker: WorkerIdentifier, because reason: String, at now: Duration) throws -> [Action]
  {
    [.dismissed(worker, .refused, reason: reason)] + (try perform(cluster.handle(.left(worker), at: now), at: now))
  }

  private func fits(_ delivered: DeliveredUnits, lease: Lease) -> Bool {
    guard let units = lease.units, let round = lease.round else { return false }
    guard let training = open[lease.run]?.training else { return true }
    switch (delivered, round.kind) {
    case (.logits(let logits), .evaluation), (.logits(let logits), .validation):
      return logits.count == runs[lease.run].outputCount(inBlocks: units, of: round.kind)
    case (.gradients(let nodes, let receipt), .step(let step)):
      guard step == training.step, (receipt == nil) != training.isSliced else { return false }
      let expected = CanonicalTree.nodes(covering: units, total: training.microBatches.count)
      return nodes.count == expected.count
        && zip(nodes, expected).allSatisfy { node, range in
          node.range == range && node.samples == training.microBatches[range].reduce(0) { $0 + $1.count }
            && node.gradient.count == training.parameters.count
        }
    default: return false
    }
  }

  private mutating func count(_ lease: Lease) throws {
    guard let delivered = waiting.removeValue(forKey: lease.identifier), let units = lease.units,
      let kind = lease.round?.kind
    else { return }
    switch delivered {
    case .gradients(let nodes, _):
      guard case .step(open[lease.run]?.training.step) = kind else { return }
      open[lease.run]?.deliveries.append(.init(units: units, worker: lease.worker, lease: lease.identifier))
      try open[lease.run]?.training.add(nodes, lease: lease.identifier, in: loop)
    case .logits(let logits): try count(logits, run: lease.run, units: units, of: kind)
    }
  }

  private mutating func count(_ logits: [Float], run: Int, units: Range<Int>, of kind: Round.Kind) throws {
    guard open[run] != nil else { return }
    let plan = runs[run]
    guard logits.allSatisfy(\.isFinite) else { throw AuditFailure.notFinite(run: plan.identifier.description) }
    var offset = 0
    for block in units {
      let length = plan.outputCount(inBlocks: block..<block + 1, of: kind)
      open[run]?.blocks[block] = Array(logits[offset..<offset + length])
      offset += length
      samplesDone += plan.samples(ofBlock: block, of: kind)
    }
  }

  /// All micro-batches of the current step have been counted: its gradient is complete.
  private mutating func endStep(run: Int) -> [Action] {
    guard let known = open[run] else { return [] }
    guard known.training.isSliced else {
      open[run]?.stage = .withdrawing
      return [.withdraw(run: run)]
    }
    // The copy requested from the reducers must be of the state before this step.
    guard known.collection == nil else {
      open[run]?.stage = .collecting
      return []
    }
    open[run]?.stage = .reducing
    let training = known.training
    return [
      .reducers(
        run: run, .reduce(step: training.step, leases: training.leases, microBatches: training.microBatches.count))
    ]
  }

  /// Clips the gradient and updates the parameters, which no reader needs any more.
  private mutating func update(run: Int, at now: Duration) throws -> [Action] {
    guard open[run]?.stage == .withdrawing else { return [] }
    open[run]?.stage = .working
    let step = try open[run]?.training.finishStep(in: loop)
    return [.publish(run: run, version: open[run]?.training.step ?? 0)] + (try commit(step, run: run, at: now))
  }

  /// Records a step of a shared run, and continues the run.
  private mutating func commit(_ step: TrainingRun.Step?, run: Int, at now: Duration) throws -> [Action] {
    guard let known = open[run] else { return [] }
    var actions: [Action] = []
    if let step, !step.isDivergent {
      actions.append(
        .commit(
          CommittedStep(
            run: run, step: step.number, samples: step.samples, lossSum: step.lossSum,
            result: step.digests.map { .digests(gradient: $0.gradient, parameters: $0.parameters) }
              ?? .buffers(gradient: step.gradient, parameters: known.training.parameters),
            deliveries: known.deliveries.sorted { $0.units.lowerBound < $1.units.lowerBound })))
      samplesDone += step.samples
      stepsDone += 1
    }
    open[run]?.deliveries = []
    if let step = known.training.divergedAt { actions.append(divergence(of: run, at: step)) }
    if known.training.isTrained { return actions + (try finishTraining(run: run, at: now)) }
    actions += try advance(run: run, at: now)
    guard let saved = open[run]?.saved,
      now - saved >= Self.saveInterval(elements: known.training.parameterCount)
    else { return actions }
    return actions + saveState(run: run, at: now)
  }

  private func divergence(of run: Int, at step: Int) -> Action {
    .notice("\(runs[run].identifier) diverged at step \(step): its gradient is not finite")
  }

  /// Saves the state of a run that has done a step; reducers are asked for their part of it.
  private mutating func saveState(run: Int, at now: Duration) -> [Action] {
    guard let known = open[run], known.training.step > 0 else { return [] }
    guard known.training.isSliced else {
      open[run]?.saved = now
      return [.save(run: run, known.training.state.copy)]
    }
    guard known.collection == nil else {
      open[run]?.collection?.saves = true
      return []
    }
    guard known.stage == .working else { return [] }
    open[run]?.saved = now
    open[run]?.collection = Collection(state: known.training.state, saves: true)
    return [.reducers(run: run, .collect(step: known.training.step))]
  }
}

// Runs whose parameters and moments reducers hold in slices.
extension AuditStateMachine {
  private mutating func take(_ answer: ReducerAnswer, run: Int, at now: Duration) throws -> [Action] {
    guard let known = open[run], known.training.isSliced else { return [] }
    switch (answer, known.stage) {
    case (.reduced(let gradient), .reducing):
      guard let update = open[run]?.training.update(for: gradient) else {
        open[run]?.stage = .working
        return try commit(nil, run: run, at: now)
      }
      open[run]?.stage = .updating(gradient: gradient.digest)
      return [.reducers(run: run, .update(step: known.training.step, update))]
    case (.updated(let parameters), .updating(let gradient)):
      open[run]?.stage = .working
      let step = open[run]?.training.finishStep(gradient: gradient, parameters: parameters)
      return try commit(step, run: run, at: now)
    case (.collected(let parameters, let moments), _):
      return try collected(run: run, parameters: parameters, moments: moments, at: now)
    default: return []
    }
  }

  /// Brings the run's numbers here, to continue without reducers.
  private mutating func gather(run: Int) -> [Action] {
    guard let known = open[run] else { return [] }
    guard known.collection == nil else {
      open[run]?.collection?.gathers = true
      return []
    }
    open[run]?.collection = Collection(state: known.training.state, gathers: true)
    return [.reducers(run: run, .collect(step: known.training.step))]
  }

  private mutating func collected(
    run: Int, parameters: FloatBuffer, moments: TrainingState.Moments, at now: Duration
  ) throws -> [Action] {
    guard let known = open[run], let collection = known.collection else { return [] }
    open[run]?.collection = nil
    var state = collection.state
    (state.parameters, state.moments) = (parameters, moments)
    var actions: [Action] = []
    if collection.saves { actions.append(.save(run: run, collection.gathers ? state.copy : state)) }
    guard collection.gathers else {
      return actions + (known.stage == .collecting ? endStep(run: run) : [])
    }
    let training = TrainingRun(schedule: known.training.schedule, training: optimizer, state: state)
    open[run]?.training = training
    open[run]?.heldGrants = []
    open[run]?.isSharePending = false
    actions.append(.reducers(run: run, .release))
    if training.isTrained { return actions + (try finishTraining(run: run, at: now)) }
    if training.isEvaluationDue {
      return actions + (try atOnce(at: now) { (audit) throws in try audit.evaluate(run: run, at: now) })
    }
    for lease in known.heldGrants where cluster.lease(lease.identifier) != nil {
      if cluster.leases[lease.identifier]?.isRecalled == true {
        actions += try perform(cluster.handle(.gaveBack(lease: lease.identifier, lease.worker), at: now), at: now)
      } else {
        actions.append(.grant(lease))
      }
    }
    return actions + (known.isSharePending ? try share(run: run, at: now) : [])
  }

  /// The run goes back to the state that was saved last, and reaches the same bits again.
  private mutating func loseReducers(run: Int, saved: TrainingState?, at now: Duration) throws -> [Action] {
    guard let lost = open[run], lost.training.isSliced else { return [] }
    return try atOnce(at: now) { (audit) throws in
      var actions: [Action] = []
      // Their workers never got them.
      for lease in lost.heldGrants {
        actions += try audit.perform(
          audit.cluster.handle(.gaveBack(lease: lease.identifier, lease.worker), at: now), at: now)
      }
      actions += try audit.perform(audit.cluster.close(run: run, at: now), at: now)
      audit.open[run] = nil
      audit.recovered[run] = saved
      if audit.cluster.flaw != .keepsGeneration { audit.generations[run, default: 0] += 1 }
      audit.samplesDone -= audit.samples(upTo: lost.training.state, of: audit.runs[run])
      actions.append(
        .notice(
          "reducers of \(audit.runs[run].identifier) were lost at step \(lost.training.step); it resumes from step "
            + "\(saved?.step ?? 0)"))
      return actions + (try audit.begin(run: run, at: now))
    }
  }
}

// Exclusive runs: a worker that was assigned a whole run reduces and updates by itself, and delivers states.
extension AuditStateMachine {
  private mutating func take(
    _ delivered: DeliveredSteps, lease identifier: Int, from worker: WorkerIdentifier, at now: Duration
  ) throws -> [Action] {
    guard let held = cluster.lease(identifier), held.worker == worker else { return [] }
    guard fits(delivered, run: held.run) else {
      return try refuse(worker, because: "its delivery of lease \(identifier) does not fit the run", at: now)
    }
    guard
      let (lease, counts) = cluster.deliver(
        training: identifier, from: worker, steps: delivered.steps.count, isLast: delivered.isLast, at: now)
    else { return [] }
    var actions = try take(delivered, of: lease, counts: counts, at: now)
    actions += try perform(cluster.reconsider(at: now), at: now)
    return actions + (try perform(cluster.repeatedRecall(of: lease), at: now))
  }

  private func fits(_ delivered: DeliveredSteps, run: Int) -> Bool {
    guard let training = open[run]?.training else { return true }
    let end = delivered.first + delivered.steps.count
    let finite = delivered.steps.last?.isDivergent == true ? end - 1 : end
    guard delivered.first >= 0, end <= training.schedule.steps,
      !delivered.steps.dropLast().contains(where: \.isDivergent),
      delivered.steps.enumerated().allSatisfy({ $1.samples == training.schedule.samples(step: delivered.first + $0) })
    else { return false }
    // A run that diverges is given back, so that another worker can confirm it.
    if delivered.steps.last?.isDivergent == true, !delivered.isLast { return false }
    guard let state = delivered.state else { return delivered.steps.isEmpty }
    let count = training.parameterCount
    return state.step == finite && state.parameters.count == count && state.divergedAt == nil
      && (state.moments.map { $0.first.count == count && $0.second.count == count } ?? (finite == 0))
      && state.losses.count == finite / max(1, training.schedule.stepsPerEpoch)
      && state.parameters.isFinite
  }

  private mutating func take(
    _ delivered: DeliveredSteps, of lease: Lease, counts: Bool, at now: Duration
  ) throws -> [Action] {
    guard let run = open[lease.run], !run.training.isTrained else { return [] }
    let committed = run.training.step
    // Another worker may have computed the same steps under another lease: both must agree.
    for (offset, step) in delivered.steps.enumerated() where !step.isDivergent {
      guard let known = run.digests[delivered.first + offset], known != step.parameters else { continue }
      throw AuditFailure.replayDiffers(
        run: runs[lease.run].identifier.description, step: delivered.first + offset, worker: lease.worker.description)
    }
    guard counts, var state = delivered.state else { return [] }
    // Workers are not sent what earlier evaluations found.
    (state.traces, state.validationLosses) = (run.training.traces, run.training.validationLosses)
    // An earlier delivery is missing, and with it the digests of its steps: they must be done again.
    guard delivered.first <= committed else { return try perform(cluster.recall(lease), at: now) }
    var actions: [Action] = []
    if state.step > committed {
      for number in committed..<state.step {
        actions.append(.commit(commit(delivered.steps[number - delivered.first], number: number, of: lease)))
      }
      open[lease.run]?.training = TrainingRun(schedule: run.training.schedule, training: optimizer, state: state)
      if open[lease.run]?.training.isTrained == true { return actions + (try finishTraining(run: lease.run, at: now)) }
      open[lease.run]?.saved = now
      // A copy, because the run's own buffers change as soon as workers share it.
      actions.append(.save(run: lease.run, state.copy))
      actions += try perform(cluster.recallOthers(than: lease), at: now)
      actions += try advance(run: lease.run, at: now)
    }
    guard delivered.steps.last?.isDivergent == true, open[lease.run]?.training.step == state.step else {
      return actions
    }
    return actions + (try diverge(run: lease.run, at: state.step, by: lease.worker, now: now))
  }

  private mutating func commit(_ step: DeliveredSteps.Step, number: Int, of lease: Lease) -> CommittedStep {
    open[lease.run]?.digests[number] = step.parameters
    samplesDone += step.samples
    stepsDone += 1
    return CommittedStep(
      run: lease.run, step: number, samples: step.samples, lossSum: step.lossSum,
      result: .digests(gradient: step.gradient, parameters: step.parameters),
      deliveries: [
        .init(
          units: 0..<runs[lease.run].schedule.microBatchCount(step: number), worker: lease.worker,
          lease: lease.identifier)
      ])
  }

  /// A worker found a gradient that is not finite. It counts when a second worker finds the same, or when the only
  /// worker finds it twice.
  private mutating func diverge(
    run: Int, at step: Int, by worker: WorkerIdentifier, now: Duration
  ) throws -> [Action] {
    guard let known = open[run], !known.training.isSliced else { return [] }
    guard let claim = known.divergenceClaim, claim.step == step,
      claim.worker != worker || !cluster.hasOthers(than: worker)
    else {
      open[run]?.divergenceClaim = (step, worker)
      return try perform(cluster.avoid(worker, for: run, at: now), at: now)
    }
    var state = known.training.state
    state.divergedAt = step
    open[run]?.training = TrainingRun(schedule: known.training.schedule, training: optimizer, state: state)
    return [divergence(of: run, at: step)] + (try finishTraining(run: run, at: now))
  }
}

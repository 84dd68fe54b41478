package import Support

/// Decides which worker is assigned which work, and which delivery counts: events in, actions out, without sockets,
/// clocks or threads.
///
/// Work is assigned at least once and counted exactly once. Replicas of the same units must agree bit for bit. Where
/// two disagree, a third worker breaks the tie, and the worker that was wrong is quarantined.
package struct ClusterStateMachine: Sendable {
  private(set) var workers: [WorkerState] = []
  /// Training runs that are not done, in the plan's order.
  private(set) var jobs: [JobState] = []
  /// Open rounds, in the order of their runs.
  private(set) var rounds: [RoundState] = []
  private(set) var leases: [Int: LeaseState] = [:]
  /// The worker that was last assigned each run, and so has its parameters.
  private var trainers: [Int: WorkerIdentifier] = [:]
  /// The worker that should not be assigned a run while there is another one.
  private var avoided: [Int: WorkerIdentifier] = [:]
  private var nextLease = 1
  /// The number of `hold` calls that were not released; nothing is assigned meanwhile.
  private var holds = 0
  /// Seconds per micro-batch.
  private var stepLatency = LatencyWindow()
  /// Seconds per evaluation block.
  private var evaluationLatency = LatencyWindow()
  /// Seconds between two states of an exclusive run.
  private var stateLatency = LatencyWindow()
  private var lastEvent: Duration = .zero
  /// When there were last two active workers, or a worker joined.
  private var lastCompany: Duration?
  /// Workers, rounds, portions and leases that were looked at so far: the cost of scheduling.
  package private(set) var effort = 0
  private let timing: ClusterTiming
  /// The share of steps and of evaluated portions that two workers compute.
  private let duplicateRate: Double
  /// Decides which steps and portions those are.
  private let duplicateKey: RandomKey
  let flaw: ClusterFlaw?

  /// - Parameter flaw: a rule to break, so that a test can show that it notices.
  package init(
    timing: ClusterTiming = ClusterTiming(), duplicateRate: Double = 0,
    duplicateKey: RandomKey = RandomKey(seed: 0)[.duplicates], flaw: ClusterFlaw? = nil
  ) {
    self.timing = timing
    self.duplicateRate = duplicateRate
    self.duplicateKey = duplicateKey
    self.flaw = flaw
  }

  /// The actions that the caller must take.
  package enum Action: Hashable, Sendable {
    /// Send the lease to its worker.
    case grant(Lease)
    /// Send the lease again, with everything that it needs: it or its delivery may have been lost. A worker that has
    /// the lease ignores it.
    case remind(Lease)
    /// Ask the worker to finish the step under way and to give the run back.
    case recall(Lease)
    /// Open the round of this run's current step: many workers share it.
    case share(run: Int)
    /// Count what was delivered under this lease.
    case count(Lease)
    /// Drop what was delivered under this lease.
    case discard(lease: Int)
    /// All units of the round have been counted.
    case completed(Round)
    /// Forget what was counted for the round: workers disagree about it, and it begins again.
    case restart(Round)
    /// Workers disagree about units, and there is no tie-breaker yet.
    case disagreement(Round, units: Range<Int>, workers: [WorkerIdentifier])
    /// The worker was silent for too long; its work is reassigned.
    case expelled(WorkerIdentifier, reason: String)
    /// Two other workers contradict the worker about these units.
    case quarantined(WorkerIdentifier, Round, units: Range<Int>)
    /// The worker that was to be drained holds no lease any more.
    case drained(WorkerIdentifier)
  }

  /// Takes an event of one worker, or the passing of time.
  package mutating func handle(_ event: ClusterEvent, at now: Duration) -> [Action] {
    switch event {
    case .joined(let worker): return join(worker, at: now)
    case .left(let worker):
      guard let discarded = remove(worker) else { return [] }
      return discarded + schedule(at: now)
    case .draining(let worker): return drain(worker, at: now)
    case .heard(let worker):
      hear(worker, at: now)
      return []
    case .gaveBack(let lease, let worker): return giveBack(lease: lease, from: worker, at: now)
    case .timePassed: return tick(at: now)
    }
  }

  package var workerCount: Int { workers.count }

  /// Runs whose training has not ended.
  package var trainingCount: Int { jobs.count }

  /// The lease of this number; nil when it has ended.
  package func lease(_ identifier: Int) -> Lease? { leases[identifier]?.lease }
}

/// Rules that a test breaks on purpose.
package enum ClusterFlaw: String, Sendable, CaseIterable {
  /// The work of a worker that has left is not reassigned.
  case leaseNotReleased
  /// Every delivery counts, also a second one.
  case countsDuplicates
  /// One replica is always enough.
  case believesTheFirst
  /// A worker that is draining is still assigned work.
  case assignsToDraining
  /// Overdue work is not reassigned, and no worker is reminded.
  case waitsForever
  /// After a run has gone back to an earlier state, its earlier parameters still count as the newest.
  case keepsGeneration
}

// Workers join, fall silent and leave.
extension ClusterStateMachine {
  /// A worker has everything that it needs to take part.
  private mutating func join(_ worker: WorkerIdentifier, at now: Duration) -> [Action] {
    guard position(of: worker) == nil else { return [] }
    workers.append(WorkerState(worker: worker, lastHeard: now, lastDelivered: now))
    lastCompany = now
    return schedule(at: now)
  }

  /// The worker should finish what it holds and get nothing more.
  private mutating func drain(_ worker: WorkerIdentifier, at now: Duration) -> [Action] {
    guard let index = position(of: worker), !workers[index].isDraining else { return [] }
    workers[index].isDraining = true
    let recalls = workers[index].trains ? workers[index].held.compactMap { recall($0) } : []
    return recalls + schedule(at: now)
  }

  /// A message came from a worker.
  private mutating func hear(_ worker: WorkerIdentifier, at now: Duration) {
    noteTime(now)
    guard let index = position(of: worker) else { return }
    workers[index].lastHeard = now
    workers[index].isSilent = false
  }

  /// While the coordinator itself was held up it could not hear anything, so that time counts against no worker.
  private mutating func noteTime(_ now: Duration) {
    let held = now - lastEvent
    lastEvent = now
    guard held > .milliseconds(500) else { return }
    for index in workers.indices {
      workers[index].lastHeard = min(now, workers[index].lastHeard + held)
      workers[index].lastDelivered = min(now, workers[index].lastDelivered + held)
    }
    // The order of the dictionary does not matter: every lease is moved alike.
    for identifier in leases.keys { leases[identifier]?.move(by: held, to: now) }
    lastCompany = lastCompany.map { min(now, $0 + held) }
  }

  /// Time has passed: workers fall silent or are expelled, and their work is reassigned.
  private mutating func tick(at now: Duration) -> [Action] {
    noteTime(now)
    var actions: [Action] = []
    for index in workers.indices where now - workers[index].lastHeard > timing.silenceLimit {
      workers[index].isSilent = true
    }
    for state in workers where now - state.lastHeard > timing.expulsionLimit {
      actions += remove(state.worker) ?? []
      let seconds = (now - state.lastHeard).components.seconds
      actions.append(.expelled(state.worker, reason: "not heard of for \(seconds) seconds"))
    }
    actions += remind(at: now)
    return actions + schedule(at: now)
  }

  /// Assigns nothing until `release`, so that several changes are considered together.
  package mutating func hold() { holds += 1 }

  /// Ends a `hold`; `reconsider` then assigns.
  package mutating func release() { holds -= 1 }

  private func position(of worker: WorkerIdentifier) -> Int? { workers.firstIndex { $0.worker == worker } }

  /// A lease or its delivery may have been lost on the way: a lease that has been out for too long is sent again.
  private mutating func remind(at now: Duration) -> [Action] {
    guard flaw != .waitsForever else { return [] }
    var actions: [Action] = []
    for worker in workers where !worker.isSilent {
      guard let identifier = worker.held.first, let state = leases[identifier] else { continue }
      effort += 1
      // Twice as patient each time, because what the lease needs may be large.
      let patience =
        max(4 * (timing.shortestLease / .seconds(1)), patience(with: state, of: worker)) * Double(1 << state.reminders)
      let since = max(state.granted, max(worker.lastDelivered, state.reminded ?? .zero))
      guard (now - since) / .seconds(1) > patience else { continue }
      if state.lease.round == nil, !jobs.contains(where: { $0.holders.contains(identifier) }) {
        // Superseded. A worker that still trains under it is told so when it delivers.
        actions.append(.recall(state.lease))
        revoke(identifier)
        continue
      }
      leases[identifier]?.reminded = now
      leases[identifier]?.reminders = min(6, state.reminders + 1)
      actions.append(.remind(state.lease))
    }
    return actions
  }

  /// Asks for an exclusive run back.
  private mutating func recall(_ identifier: Int) -> Action? {
    guard let state = leases[identifier], case .training = state.lease.work else { return nil }
    leases[identifier]?.isRecalled = true
    return .recall(state.lease)
  }

  /// Removes a worker and its leases; nil when the worker is unknown.
  private mutating func remove(_ worker: WorkerIdentifier) -> [Action]? {
    guard let index = position(of: worker) else { return nil }
    let held = workers.remove(at: index).held
    if flaw != .leaseNotReleased {
      for identifier in held { revoke(identifier) }
    }
    return forgetReplicas(of: worker)
  }

  /// Ends a lease whose worker has left or has delivered; units that no other lease covers become pending again.
  private mutating func revoke(_ identifier: Int) {
    guard let lease = leases.removeValue(forKey: identifier)?.lease else { return }
    letGo(identifier, by: lease.worker)
    switch lease.work {
    case .training:
      guard let job = jobs.firstIndex(where: { $0.run == lease.run }) else { return }
      jobs[job].holders.removeAll { $0 == identifier }
      if jobs[job].holders.isEmpty, jobs[job].mode != .shared { jobs[job].mode = .idle }
    case .units(let round, let units):
      guard let index = rounds.firstIndex(where: { $0.round == round }) else { return }
      guard var portion = rounds[index].portions[units.lowerBound], portion.units == units else { return }
      portion.holders.removeAll { $0 == identifier }
      rounds[index].portions[units.lowerBound] = portion
      if portion.holders.isEmpty, portion.replicas.isEmpty, portion.counted == nil { rounds[index].putBack(units) }
    }
  }

  /// Removes the lease from its worker.
  private mutating func letGo(_ identifier: Int, by worker: WorkerIdentifier) {
    guard let index = position(of: worker) else { return }
    workers[index].held.removeAll { $0 == identifier }
    if workers[index].held.isEmpty { workers[index].trains = false }
  }
}

// Runs and rounds begin, advance and end.
extension ClusterStateMachine {
  /// A run can be trained from `step` on, either shared by micro-batch or assigned whole to one worker.
  ///
  /// - Parameter pack: the number that this run shares with the runs that one worker should compute together with it.
  package mutating func openTraining(
    run: Int, step: Int, end: Int, microBatches: Int, pack: Int? = nil, at now: Duration
  ) -> [Action] {
    guard !jobs.contains(where: { $0.run == run }), step < end else { return [] }
    let position = jobs.firstIndex { $0.run > run } ?? jobs.endIndex
    jobs.insert(JobState(run: run, step: step, end: end, microBatches: max(1, microBatches), pack: pack), at: position)
    return schedule(at: now)
  }

  /// The `units` units of a round can be assigned.
  package mutating func open(_ round: Round, units: Int, at now: Duration) -> [Action] {
    guard units > 0 else { return [.completed(round)] }
    guard !rounds.contains(where: { $0.round == round }) else { return [] }
    // Earlier runs first, so that few runs are open when a phase ends.
    let position = rounds.firstIndex { $0.round.run > round.run } ?? rounds.endIndex
    var state = RoundState(round: round, total: units)
    if case .step(let step) = round.kind, isSampled(run: round.run, step: step) {
      state.replicasRequired = 2
      state.comparesReplicas = true
    }
    rounds.insert(state, at: position)
    return schedule(at: now)
  }

  /// The run has reached `step`, either shared or under a lease of the whole run.
  package mutating func advance(run: Int, to step: Int, at now: Duration) -> [Action] {
    guard let index = jobs.firstIndex(where: { $0.run == run }), step > jobs[index].step else { return [] }
    jobs[index].step = step
    avoided[run] = nil
    if jobs[index].mode == .shared { jobs[index].mode = .idle }
    return step < jobs[index].end ? schedule(at: now) : close(run: run, at: now)
  }

  /// The training of a run has ended.
  package mutating func close(run: Int, at now: Duration) -> [Action] {
    guard let index = jobs.firstIndex(where: { $0.run == run }) else { return [] }
    let holders = jobs.remove(at: index).holders
    avoided[run] = nil
    var actions: [Action] = []
    if let index = rounds.firstIndex(where: { $0.round.run == run && $0.round.isStep }) {
      actions += rounds[index].waitingReplicas.map { .discard(lease: $0.lease) }
      endLeases(of: rounds[index].round)
      rounds.removeAll { $0.round.run == run && $0.round.isStep }
    }
    // A worker that still trains the run does so for nothing.
    actions += holders.compactMap { recall($0) }
    return actions + schedule(at: now)
  }

  /// A worker delivered steps of a run that it was assigned whole.
  ///
  /// - Parameters:
  ///   - steps: the number of steps since its last delivery.
  ///   - isLast: whether the worker has given the run back.
  /// - Returns: the lease, and whether it still counts or was superseded by another; nil when the worker has no such
  ///   lease.
  package mutating func deliver(
    training identifier: Int, from worker: WorkerIdentifier, steps: Int, isLast: Bool, at now: Duration
  ) -> (lease: Lease, counts: Bool)? {
    hear(worker, at: now)
    guard let state = leases[identifier], state.lease.worker == worker, case .training = state.lease.work,
      let index = position(of: worker)
    else { return nil }
    let job = jobs.first { $0.run == state.lease.run }
    let seconds = (now - max(state.granted, workers[index].lastDelivered)) / .seconds(1)
    workers[index].lastDelivered = now
    // After a reminder it is unknown when the lease arrived; in a pack it is unknown how long each run took.
    let isMeasured = steps > 0 && state.reminders == 0 && job?.pack == nil
    leases[identifier]?.reminders = 0
    if steps > 0 {
      if isMeasured { stateLatency.add(seconds) }
      if let job {
        if isMeasured, workers[index].unitsDone > 0 {
          workers[index].speed.add(seconds / Double(steps * job.microBatches))
        }
        workers[index].unitsDone += steps * job.microBatches
      }
    }
    if isLast { revoke(identifier) }
    return (state.lease, job?.holders.contains(identifier) == true)
  }

  /// Repeats the recall of an exclusive run, which may have been lost.
  package func repeatedRecall(of lease: Lease) -> [Action] {
    leases[lease.identifier]?.isRecalled == true ? [.recall(lease)] : []
  }

  /// A delivery of an exclusive run does not continue what was committed: the run must be assigned again from there.
  package mutating func recall(_ lease: Lease) -> [Action] { recall(lease.identifier).map { [$0] } ?? [] }

  /// Prefers other workers for this run from now on.
  package mutating func avoid(_ worker: WorkerIdentifier, for run: Int, at now: Duration) -> [Action] {
    if trainers[run] == worker { trainers[run] = nil }
    avoided[run] = worker
    return schedule(at: now)
  }

  /// Whether any other worker could be assigned work.
  package func hasOthers(than worker: WorkerIdentifier) -> Bool {
    workers.contains { $0.isActive && $0.worker != worker }
  }

  /// A run that was assigned twice has advanced under one lease, which supersedes the others.
  package mutating func recallOthers(than lease: Lease) -> [Action] {
    guard let job = jobs.firstIndex(where: { $0.run == lease.run }) else { return [] }
    let others = jobs[job].holders.filter { $0 != lease.identifier }
    jobs[job].holders.removeAll { $0 != lease.identifier }
    if jobs[job].holders.isEmpty, jobs[job].isAssigned { jobs[job].mode = .idle }
    return others.compactMap { recall($0) }
  }

  /// Assigns after a `hold`, or after a delivery of an exclusive run was taken.
  package mutating func reconsider(at now: Duration) -> [Action] { schedule(at: now) }

  /// A worker cannot or need not do the lease.
  private mutating func giveBack(lease identifier: Int, from worker: WorkerIdentifier, at now: Duration) -> [Action] {
    hear(worker, at: now)
    guard leases[identifier]?.lease.worker == worker else { return [] }
    revoke(identifier)
    return schedule(at: now)
  }

  /// Ends the leases of all workers that still compute units of the round.
  private mutating func endLeases(of round: Round) {
    guard let state = rounds.first(where: { $0.round == round }) else { return }
    for identifier in state.portions.keys.sorted().flatMap({ state.portions[$0]?.holders ?? [] }) { revoke(identifier) }
  }
}

// Assignment.
extension ClusterStateMachine {
  /// The leases of units that one worker may hold: one that it computes, and one that waits so that it never idles.
  static let leasesPerWorker = 2

  /// Assigns work until no worker can be assigned more.
  private mutating func schedule(at now: Duration) -> [Action] {
    noteTime(now)
    guard holds == 0 else { return [] }
    var actions = giveUpReplication(at: now)
    let overdue = overdueLeases(at: now)
    // Every worker gets a first lease before any gets a second.
    for count in 0..<Self.leasesPerWorker {
      for index in workers.indices {
        effort += 1
        while isAssignable(index), workers[index].held.count == count,
          let assigned = assign(to: index, overdue: overdue, at: now)
        {
          actions += assigned
        }
      }
    }
    actions += recallForReplica()
    return actions + drained()
  }

  private func isAssignable(_ index: Int) -> Bool {
    flaw == .assignsToDraining ? !workers[index].isSilent : workers[index].isActive
  }

  private mutating func drained() -> [Action] {
    let done = workers.filter { $0.isDraining && $0.held.isEmpty }.map(\.worker)
    guard !done.isEmpty else { return [] }
    return done.flatMap { (remove($0) ?? []) + [.drained($0)] }
  }

  /// Assigns the next piece of work to a worker; nil when there is none for it.
  private mutating func assign(to index: Int, overdue: [Int], at now: Duration) -> [Action]? {
    guard !workers[index].trains else { return nil }
    let worker = workers[index].worker
    if let lease = assignReplica(to: worker, at: now) { return [.grant(lease)] }
    if let lease = assignOverdue(to: worker, overdue: overdue.filter(isAbandoned), at: now) { return [.grant(lease)] }
    if let lease = assignUnits(to: index, overdue: overdue, at: now) { return [.grant(lease)] }
    if let actions = assignRun(to: index, at: now) { return actions }
    guard workers[index].held.isEmpty else { return nil }
    if let lease = assignOverdue(to: worker, overdue: overdue, at: now) { return [.grant(lease)] }
    return recallRun()
  }

  private mutating func grant(
    _ work: Lease.Work, run: Int, end: Int? = nil, to worker: WorkerIdentifier, at now: Duration
  ) -> Lease {
    let lease = Lease(identifier: nextLease, run: run, work: work, worker: worker, end: end)
    nextLease += 1
    leases[lease.identifier] = LeaseState(lease: lease, granted: now)
    if let index = position(of: worker) {
      workers[index].held.append(lease.identifier)
      if case .training = work { workers[index].trains = true }
    }
    return lease
  }
}

// Units of rounds.
extension ClusterStateMachine {
  private mutating func assignUnits(to worker: Int, overdue: [Int], at now: Duration) -> Lease? {
    let name = workers[worker].worker
    effort += rounds.count
    var open = rounds.indices.filter { !rounds[$0].pending.isEmpty }
    if open.contains(where: { rounds[$0].round.isStep && wouldDelay(round: $0, worker, overdue: overdue) }) {
      open.removeAll { rounds[$0].round.isStep }
    }
    guard !open.isEmpty else { return nil }
    // Steps first, because a run waits for them; then evaluations of a run whose parameters the worker has.
    let step = open.first { rounds[$0].round.isStep }
    let known = open.first { trainers[rounds[$0].round.run] == name }
    guard let index = step ?? known ?? open.first else { return nil }
    let round = rounds[index].round
    guard let units = rounds[index].take(share(of: index, for: worker, openRounds: open.count)) else { return nil }
    let lease = grant(.units(round, units), run: round.run, to: name, at: now)
    var portion = RoundState.Portion(units: units, replicasRequired: rounds[index].replicasRequired)
    if !round.isStep, isSampled(duplicateKey[round.run][units.lowerBound]) { portion.replicasRequired = 2 }
    if portion.replicasRequired > 1 { rounds[index].comparesReplicas = true }
    portion.holders = [lease.identifier]
    rounds[index].portions[units.lowerBound] = portion
    return lease
  }

  /// The number of units that a worker should be assigned of a round: in proportion to its rate among the workers that
  /// share the round.
  private mutating func share(of index: Int, for worker: Int, openRounds: Int) -> Int {
    let state = rounds[index]
    effort += workers.count
    let sharers = workers.indices.filter { workers[$0].isActive && !workers[$0].trains }
    // With at least one round a worker, assign whole rounds: the parameters then go to one worker only.
    if !state.round.isStep, openRounds >= sharers.count { return state.pendingCount }
    func rate(_ other: Int) -> Double? {
      state.round.isStep ? workers[other].speed.rate : workers[other].evaluationSpeed.rate
    }
    let known = sharers.compactMap(rate)
    let usual = known.isEmpty ? 1 : known.reduce(0, +) / Double(known.count)
    let total = sharers.reduce(0) { $0 + (rate($1) ?? usual) }
    let fraction = total > 0 ? (rate(worker) ?? usual) / total : 1
    // An evaluation is assigned in ever smaller portions, so that the wait for the last one is short.
    let units = state.round.isStep ? Double(state.total) : Double(state.pendingCount) / 2
    // Rounded to nearest: rounding up would give one unit too many to each of many slightly faster workers.
    return max(1, Int((units * fraction).rounded()))
  }

  /// Whether the other workers finish a whole step before this one finishes a micro-batch, so that all would wait for
  /// it.
  private mutating func wouldDelay(round: Int, _ worker: Int, overdue: [Int]) -> Bool {
    guard let own = workers[worker].speed.secondsPerUnit, workers[worker].unitsDone > 8 else { return false }
    effort += workers.count
    // Only workers that are active and make progress.
    let others = workers.indices.filter { other in
      other != worker && workers[other].isActive && !workers[other].trains
        && !workers[other].held.contains(where: overdue.contains)
    }
    let rates = others.compactMap { workers[$0].speed.rate }
    guard let best = rates.max() else { return false }
    return own > 2 * max(1 / best, Double(rounds[round].total) / rates.reduce(0, +))
  }

  /// Whether the step needs a replica; an exclusive run is assigned at most up to the next such step.
  private func isSampled(run: Int, step: Int) -> Bool { isSampled(duplicateKey[run][.step][step]) }

  private func isSampled(_ key: RandomKey) -> Bool {
    guard duplicateRate > 0 else { return false }
    var generator = key.generator
    return generator.uniform() < duplicateRate
  }

  /// Assigns a portion that needs more replicas.
  private mutating func assignReplica(to worker: WorkerIdentifier, at now: Duration) -> Lease? {
    for index in rounds.indices where rounds[index].comparesReplicas {
      for first in rounds[index].portions.keys.sorted() {
        effort += 1
        guard let portion = rounds[index].portions[first], portion.needsReplicas,
          !involves(worker, in: portion) || mayAskAgain(worker, for: portion, at: now)
        else { continue }
        return assign(portion, of: index, to: worker, at: now)
      }
    }
    return nil
  }

  /// The only worker is asked a second time whether its result is really not finite.
  private func mayAskAgain(_ worker: WorkerIdentifier, for portion: RoundState.Portion, at now: Duration) -> Bool {
    portion.isDoubtful && portion.holders.isEmpty && portion.replicas.allSatisfy { $0.worker == worker }
      && !hasOthers(than: worker) && isLongAlone(at: now)
  }

  private mutating func assign(
    _ portion: RoundState.Portion, of index: Int, to worker: WorkerIdentifier, at now: Duration
  ) -> Lease {
    let round = rounds[index].round
    let lease = grant(.units(round, portion.units), run: round.run, to: worker, at: now)
    rounds[index].portions[portion.units.lowerBound]?.holders.append(lease.identifier)
    return lease
  }

  /// Where every worker that could compute a replica trains a whole run, one of them must give its run back.
  private mutating func recallForReplica() -> [Action] {
    for round in rounds where round.comparesReplicas {
      for first in round.portions.keys.sorted() {
        effort += 1
        guard let portion = round.portions[first], portion.needsReplicas else { continue }
        let able = workers.filter { $0.isActive && !involves($0.worker, in: portion) }
        guard let one = able.first, able.allSatisfy(\.trains) else { continue }
        let isUnderWay = able.contains { $0.held.contains { leases[$0]?.isRecalled == true } }
        return isUnderWay ? [] : one.held.compactMap { recallOfJob($0) }
      }
    }
    return []
  }
}

// Exclusive runs.
extension ClusterStateMachine {
  /// The number of runs to be assigned whole: all of them while there are at least as many as workers, otherwise as
  /// many as leave enough micro-batches for the rest. A run with one micro-batch a step cannot be shared.
  private var runsToAssign: Int {
    let workers = workers.count { $0.isActive }
    guard jobs.count < workers else { return workers }
    let whole = jobs.count { $0.microBatches == 1 }
    let microBatches = jobs.reduce(0) { $0 + $1.microBatches }
    for assigned in stride(from: jobs.count - 1, to: whole, by: -1) {
      let shared = jobs.count - assigned
      if microBatches * shared / jobs.count >= workers - assigned { return assigned }
    }
    return whole
  }

  private mutating func assignRun(to worker: Int, at now: Duration) -> [Action]? {
    effort += jobs.count
    let name = workers[worker].worker
    let free = jobs.indices.filter { index in
      jobs[index].mode == .idle && (avoided[jobs[index].run] != name || !hasOthers(than: name))
    }
    guard let index = free.first(where: { trainers[jobs[$0].run] == name }) ?? free.first else { return nil }
    let assigned = jobs.count(where: \.isAssigned)
    let areEnoughAssigned = jobs[index].pack == nil && assigned >= runsToAssign
    if areEnoughAssigned || isSampled(run: jobs[index].run, step: jobs[index].step) {
      jobs[index].mode = .shared
      return [.share(run: jobs[index].run)]
    }
    guard workers[worker].held.isEmpty else { return nil }
    guard let pack = jobs[index].pack else { return [.grant(assign(job: index, to: name, at: now))] }
    return free.filter { jobs[$0].pack == pack && !isSampled(run: jobs[$0].run, step: jobs[$0].step) }
      .map { .grant(assign(job: $0, to: name, at: now)) }
  }

  private mutating func assign(job index: Int, to worker: WorkerIdentifier, at now: Duration) -> Lease {
    let (run, step) = (jobs[index].run, jobs[index].step)
    var end = jobs[index].end
    if duplicateRate > 0 { end = (step + 1..<jobs[index].end).first { isSampled(run: run, step: $0) } ?? end }
    let lease = grant(.training(from: step), run: run, end: end, to: worker, at: now)
    jobs[index].mode = .assigned
    jobs[index].holders.append(lease.identifier)
    trainers[run] = worker
    return lease
  }

  /// Asks for an exclusive run back, so that idle workers can share it.
  private mutating func recallRun() -> [Action]? {
    effort += jobs.count
    let assigned = jobs.indices.filter {
      jobs[$0].mode == .assigned && jobs[$0].microBatches > 1 && jobs[$0].pack == nil
    }
    guard jobs.count(where: { $0.mode == .assigned }) > runsToAssign, !jobs.contains(where: { $0.mode == .recalled }),
      let index = assigned.max(by: { jobs[$0].end - jobs[$0].step < jobs[$1].end - jobs[$1].step }),
      jobs[index].end - jobs[index].step > 1
    else { return nil }
    let actions = jobs[index].holders.compactMap { recallOfJob($0) }
    return actions.isEmpty ? nil : actions
  }

  /// Asks for the run of a lease back.
  private mutating func recallOfJob(_ identifier: Int) -> Action? {
    guard let action = recall(identifier) else { return nil }
    if let job = jobs.firstIndex(where: { $0.holders.contains(identifier) }) { jobs[job].mode = .recalled }
    return action
  }
}

// Deliveries of units: when they count, and what follows when replicas disagree.
extension ClusterStateMachine {
  /// A worker delivered results of some units.
  package mutating func deliver(
    lease identifier: Int, from worker: WorkerIdentifier, _ delivered: DeliveredUnits, at now: Duration
  ) -> [Action] {
    hear(worker, at: now)
    guard let state = leases[identifier], state.lease.worker == worker,
      case .units(let round, let units) = state.lease.work
    else { return [.discard(lease: identifier)] }
    measure(state, round: round, units: units.count, at: now)
    leases[identifier] = nil
    letGo(identifier, by: worker)
    guard let index = rounds.firstIndex(where: { $0.round == round }),
      var portion = rounds[index].portions[units.lowerBound], portion.units == units
    else { return [.discard(lease: identifier)] + schedule(at: now) }
    portion.holders.removeAll { $0 == identifier }
    if !delivered.isFinite {
      // One worker alone is not believed.
      portion.replicasRequired = max(2, portion.replicasRequired)
      portion.isDoubtful = true
      rounds[index].comparesReplicas = true
    }
    if let counted = portion.counted {
      rounds[index].portions[units.lowerBound] = portion
      if flaw == .countsDuplicates { return [.count(state.lease)] + schedule(at: now) }
      guard let expected = counted.digest, delivered.digest != expected else {
        return [.discard(lease: identifier)] + schedule(at: now)
      }
      if portion.replicas.filter({ $0.digest == expected }).count > 1 {
        return [.discard(lease: identifier)] + quarantine(worker, round: round, units: units) + schedule(at: now)
      }
      // A gradient cannot be taken out of a sum again: the round restarts, and now needs two replicas of every unit.
      return [
        .discard(lease: identifier), .disagreement(round, units: units, workers: [counted.worker, worker]),
      ] + restart(round, replicasRequired: 2, isDisputed: true) + schedule(at: now)
    }
    let isCompared = portion.replicasRequired > 1 || !portion.holders.isEmpty || !portion.replicas.isEmpty
    portion.replicas.append(.init(lease: identifier, worker: worker, digest: isCompared ? delivered.digest : nil))
    rounds[index].portions[units.lowerBound] = portion
    return settle(round: index, units: units, at: now) + schedule(at: now)
  }

  private mutating func measure(_ state: LeaseState, round: Round, units: Int, at now: Duration) {
    guard let index = position(of: state.lease.worker) else { return }
    let seconds = (now - max(state.granted, workers[index].lastDelivered)) / .seconds(1) / Double(units)
    let isFirst = workers[index].unitsDone == 0
    workers[index].lastDelivered = now
    workers[index].unitsDone += units
    // The first delivery includes building the model; after a reminder it is unknown when the lease arrived.
    if isFirst || state.reminders > 0 { return }
    if round.isStep {
      stepLatency.add(seconds)
      workers[index].speed.add(seconds)
    } else {
      evaluationLatency.add(seconds)
      workers[index].evaluationSpeed.add(seconds)
    }
  }

  /// Other workers finished the round first: this one is at least as slow as the time that it has taken so far.
  private mutating func measureOvertaken(_ identifier: Int, at now: Duration) {
    guard let lease = leases[identifier]?.lease, let round = lease.round, let units = lease.units,
      let granted = leases[identifier]?.granted, let index = position(of: lease.worker),
      workers[index].held.first == identifier, workers[index].unitsDone > 0
    else { return }
    let seconds = (now - max(granted, workers[index].lastDelivered)) / .seconds(1) / Double(units.count)
    if round.isStep {
      workers[index].speed.addAtLeast(seconds)
    } else {
      workers[index].evaluationSpeed.addAtLeast(seconds)
    }
  }

  /// Counts a portion when it has enough replicas that agree.
  private mutating func settle(round index: Int, units: Range<Int>, at now: Duration) -> [Action] {
    guard var portion = rounds[index].portions[units.lowerBound], portion.counted == nil else { return [] }
    let agreed = portion.agreed
    guard let first = agreed.first else { return [] }
    let round = rounds[index].round
    guard agreed.count >= portion.replicasRequired || flaw == .believesTheFirst else {
      var actions: [Action] = []
      if agreed.count < portion.replicas.count, !portion.isDisputed {
        portion.isDisputed = true
        actions.append(.disagreement(round, units: units, workers: portion.replicas.map(\.worker)))
      }
      portion.replicasRequired = max(2, portion.replicasRequired)
      rounds[index].comparesReplicas = true
      rounds[index].portions[units.lowerBound] = portion
      return actions
    }
    portion.counted = first
    rounds[index].portions[units.lowerBound] = portion
    var actions: [Action] = []
    // A worker that was wrong once and then agreed stays: it has shown that it can compute the portion.
    for wrong in portion.replicas where !agreed.contains(where: { $0.worker == wrong.worker }) {
      actions += quarantine(wrong.worker, round: round, units: units)
    }
    let rest = portion.replicas.filter { $0 != first }.map { Action.discard(lease: $0.lease) }
    guard let index = rounds.firstIndex(where: { $0.round == round }),
      rounds[index].portions[units.lowerBound]?.counted == first
    else { return [.discard(lease: first.lease)] + rest + actions }
    let lease = Lease(identifier: first.lease, run: round.run, work: .units(round, units), worker: first.worker)
    actions = [.count(lease)] + rest + actions
    guard rounds[index].isComplete else { return actions }
    for identifier in rounds[index].portions.keys.sorted().flatMap({ rounds[index].portions[$0]?.holders ?? [] }) {
      measureOvertaken(identifier, at: now)
    }
    endLeases(of: round)
    rounds.removeAll { $0.round == round }
    if round.kind == .evaluation { trainers[round.run] = nil }
    return actions + [.completed(round)]
  }

  /// Removes a worker that two others contradict, and forgets what only it has delivered.
  private mutating func quarantine(_ worker: WorkerIdentifier, round: Round, units: Range<Int>) -> [Action] {
    var actions: [Action] = []
    if let discarded = remove(worker) {
      actions += discarded
      actions.append(.quarantined(worker, round, units: units))
    }
    for state in rounds {
      let isTainted = state.portions.values.contains { portion in
        guard let counted = portion.counted, counted.worker == worker else { return false }
        return !portion.replicas.contains { $0.worker != worker && $0.digest == counted.digest }
      }
      // Its result is already part of the sum.
      if isTainted { actions += restart(state.round, replicasRequired: state.replicasRequired, isDisputed: false) }
    }
    return actions
  }

  /// Replicas of a worker that leaves are dropped unless another worker agrees with them: if it came back under a new
  /// identifier it could confirm them itself.
  private mutating func forgetReplicas(of worker: WorkerIdentifier) -> [Action] {
    var actions: [Action] = []
    for index in rounds.indices where rounds[index].comparesReplicas {
      for first in rounds[index].portions.keys.sorted() {
        guard var portion = rounds[index].portions[first], portion.counted == nil else { continue }
        let forgotten = portion.replicas.filter { $0.worker == worker }
        guard !forgotten.isEmpty else { continue }
        actions += forgotten.map { .discard(lease: $0.lease) }
        portion.replicas.removeAll { $0.worker == worker }
        portion.isDisputed = Set(portion.replicas.map(\.digest)).count > 1
        rounds[index].portions[first] = portion
        if portion.replicas.isEmpty, portion.holders.isEmpty { rounds[index].putBack(portion.units) }
      }
    }
    return actions
  }

  /// The round begins again.
  private mutating func restart(_ round: Round, replicasRequired: Int, isDisputed: Bool) -> [Action] {
    endLeases(of: round)
    guard let index = rounds.firstIndex(where: { $0.round == round }) else { return [] }
    let discarded = rounds[index].waitingReplicas.map { Action.discard(lease: $0.lease) }
    rounds[index].restart(replicasRequired: replicasRequired, isDisputed: isDisputed)
    return discarded + [.restart(round)]
  }

  /// Gives up replication when one worker has been alone for a while: its results are accepted, unless another worker
  /// contradicted them or they are not finite, in which case it is asked again.
  private mutating func giveUpReplication(at now: Duration) -> [Action] {
    let active = workers.filter(\.isActive)
    if active.count > 1 { lastCompany = now }
    guard active.count == 1, isLongAlone(at: now) else { return [] }
    var actions: [Action] = []
    for round in rounds.filter(\.comparesReplicas).map(\.round) {
      guard let state = rounds.first(where: { $0.round == round }) else { continue }
      for first in state.portions.keys.sorted() {
        effort += 1
        guard let portion = state.portions[first], portion.counted == nil, !portion.replicas.isEmpty,
          portion.holders.isEmpty, !portion.isDisputed, !portion.isDoubtful, !state.isDisputed,
          active.allSatisfy({ involves($0.worker, in: portion) }),
          let index = rounds.firstIndex(where: { $0.round == round })
        else { continue }
        rounds[index].portions[first]?.replicasRequired = 1
        actions += settle(round: index, units: portion.units, at: now)
      }
    }
    return actions
  }

  /// Whether there has been only one active worker for longer than a worker needs to come back.
  private func isLongAlone(at now: Duration) -> Bool { now - (lastCompany ?? .zero) > timing.silenceLimit }

  private func involves(_ worker: WorkerIdentifier, in portion: RoundState.Portion) -> Bool {
    portion.replicas.contains { $0.worker == worker }
      || portion.holders.contains { leases[$0]?.lease.worker == worker }
  }
}

// Stragglers.
extension ClusterStateMachine {
  /// Assigns to a worker what another has held for too long (speculative execution); the first delivery counts.
  private mutating func assignOverdue(to worker: WorkerIdentifier, overdue: [Int], at now: Duration) -> Lease? {
    for identifier in overdue {
      effort += 1
      guard let lease = leases[identifier]?.lease, lease.worker != worker else { continue }
      switch lease.work {
      case .units(let round, let units):
        guard let index = rounds.firstIndex(where: { $0.round == round }),
          let portion = rounds[index].portions[units.lowerBound], portion.counted == nil, portion.holders.count < 3,
          !involves(worker, in: portion), portion.holders.allSatisfy(overdue.contains)
        else { continue }
        return assign(portion, of: index, to: worker, at: now)
      case .training:
        guard let index = jobs.firstIndex(where: { $0.run == lease.run }), jobs[index].holders.count < 3,
          jobs[index].holders.contains(identifier), workers.first(where: { $0.worker == worker })?.held.isEmpty == true,
          jobs[index].holders.allSatisfy(overdue.contains)
        else { continue }
        return assign(job: index, to: worker, at: now)
      }
    }
    return nil
  }

  /// Whether the worker of the lease is silent, so that its work counts as not assigned.
  private func isAbandoned(_ identifier: Int) -> Bool {
    guard let worker = leases[identifier]?.lease.worker, let index = position(of: worker) else { return true }
    return workers[index].isSilent
  }

  /// Leases that have taken so long that another worker may do the same, the oldest first.
  private mutating func overdueLeases(at now: Duration) -> [Int] {
    guard flaw != .waitsForever else { return [] }
    var overdue: [Int] = []
    for worker in workers {
      effort += 1
      guard let first = worker.held.first, let state = leases[first] else { continue }
      let elapsed = (now - max(state.granted, worker.lastDelivered)) / .seconds(1)
      // No patience is shorter than this, and computing it takes longer.
      guard worker.isSilent || elapsed > timing.shortestLease / .seconds(10) else { continue }
      // Leases queued after an overdue one are overdue too.
      if worker.isSilent || elapsed > patience(with: state, of: worker) { overdue += worker.held }
    }
    return overdue.sorted()
  }

  /// The seconds after which a lease is overdue: three times the 95th percentile; for the tail of a round, twice the
  /// median.
  private func patience(with state: LeaseState, of worker: WorkerState) -> Double {
    let shortest = timing.shortestLease / .seconds(1)
    // A worker that has delivered has built its model.
    let first = max(shortest, timing.firstLease / .seconds(1) / (worker.unitsDone > 0 ? 6 : 1))
    switch state.lease.work {
    case .training:
      guard let usual = stateLatency.quantile(0.95) else { return first }
      return max(shortest, 3 * usual)
    case .units(let round, let units):
      let latency = round.isStep ? stepLatency : evaluationLatency
      guard let usual = latency.quantile(0.95), let median = latency.quantile(0.5) else { return first }
      let isTail = rounds.first { $0.round == round }?.pending.isEmpty ?? false
      let limit = isTail ? max(shortest / 10, 2 * median * Double(units.count)) : .infinity
      return min(limit, max(shortest, 3 * usual * Double(units.count)))
    }
  }
}

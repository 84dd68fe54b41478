// What there is to do, and what was done of it.
extension ClusterStateMachine {
  /// A run is to be trained from `step` on; it is lent whole or shared, as the cluster sees fit.
  ///
  /// - Parameter pack: the number that it has in common with the runs that one member should compute with it.
  package mutating func openTraining(
    run: Int, step: Int, end: Int, microBatches: Int, pack: Int? = nil, at now: Duration
  ) -> [Action] {
    guard !jobs.contains(where: { $0.run == run }), step < end else { return [] }
    let position = jobs.firstIndex { $0.run > run } ?? jobs.endIndex
    jobs.insert(JobState(run: run, step: step, end: end, microBatches: max(1, microBatches), pack: pack), at: position)
    return schedule(at: now)
  }

  /// A round of `units` units can be worked on.
  package mutating func open(_ round: Round, units: Int, at now: Duration) -> [Action] {
    guard units > 0 else { return [.completed(round)] }
    guard !rounds.contains(where: { $0.round == round }) else { return [] }
    // Earlier runs first, so that a phase ends with few runs open.
    let position = rounds.firstIndex { $0.round.run > round.run } ?? rounds.endIndex
    var state = RoundState(round: round, total: units)
    if case .step(let step) = round.kind, isSampled(run: round.run, step: step) {
      state.opinionsNeeded = 2
      state.comparesOpinions = true
    }
    rounds.insert(state, at: position)
    return schedule(at: now)
  }

  /// A run stands before `step` now, which was reached by sharing it or by a lease of the whole run.
  package mutating func advance(run: Int, to step: Int, at now: Duration) -> [Action] {
    guard let index = jobs.firstIndex(where: { $0.run == run }), step > jobs[index].step else { return [] }
    jobs[index].step = step
    shunned[run] = nil
    if jobs[index].mode == .shared { jobs[index].mode = .idle }
    return step < jobs[index].end ? schedule(at: now) : close(run: run, at: now)
  }

  /// Nothing more is to be trained of a run.
  package mutating func close(run: Int, at now: Duration) -> [Action] {
    guard let index = jobs.firstIndex(where: { $0.run == run }) else { return [] }
    let holders = jobs.remove(at: index).holders
    shunned[run] = nil
    var actions: [Action] = []
    if let index = rounds.firstIndex(where: { $0.round.run == run && $0.round.isStep }) {
      actions += rounds[index].waitingOpinions.map { .discard(lease: $0.lease) }
      endLeases(of: rounds[index].round)
      rounds.removeAll { $0.round.run == run && $0.round.isStep }
    }
    // Whoever still trains it does so for nothing.
    actions += holders.compactMap { recall($0) }
    return actions + schedule(at: now)
  }

  /// A member delivered steps of a run that it was lent.
  ///
  /// - Parameters:
  ///   - steps: how many steps it did since its last delivery.
  ///   - isLast: it has given the run back.
  /// - Returns: the lease, and whether it still counts or was superseded by another; nil when it holds no such lease.
  package mutating func deliver(
    training identifier: Int, from member: Member, steps: Int, isLast: Bool, at now: Duration
  ) -> (lease: Lease, counts: Bool)? {
    hear(member, at: now)
    guard let state = leases[identifier], state.lease.member == member, case .training = state.lease.work,
      let index = position(of: member)
    else { return nil }
    let job = jobs.first { $0.run == state.lease.run }
    let seconds = (now - max(state.granted, members[index].lastDelivered)) / .seconds(1)
    members[index].lastDelivered = now
    // Of a lease that was sent again it is not known when it came, and of several at once, what each took.
    let isMeasured = steps > 0 && state.reminders == 0 && job?.pack == nil
    leases[identifier]?.reminders = 0
    if steps > 0 {
      if isMeasured { statePace.add(seconds) }
      if let job {
        if isMeasured, members[index].unitsDone > 0 {
          members[index].speed.add(seconds / Double(steps * job.microBatches))
        }
        members[index].unitsDone += steps * job.microBatches
      }
    }
    if isLast { revoke(identifier) }
    return (state.lease, job?.holders.contains(identifier) == true)
  }

  /// Asks again for a lent run that was asked for before: the first time it may have got lost.
  package func repeatedRecall(of lease: Lease) -> [Action] {
    leases[lease.identifier]?.isRecalled == true ? [.recall(lease)] : []
  }

  /// What came of a lent run does not fit what is known of it: it must begin again from there.
  package mutating func recall(_ lease: Lease) -> [Action] { recall(lease.identifier).map { [$0] } ?? [] }

  /// The run should rather go to somebody else than to this member.
  package mutating func shun(_ member: Member, for run: Int, at now: Duration) -> [Action] {
    if trainers[run] == member { trainers[run] = nil }
    shunned[run] = member
    return schedule(at: now)
  }

  /// Whether anybody but this member could be lent something.
  package func hasOthers(than member: Member) -> Bool { members.contains { $0.isActive && $0.member != member } }

  /// A run that was lent twice has gone on under one lease: the others are superseded.
  package mutating func recallOthers(than lease: Lease) -> [Action] {
    guard let job = jobs.firstIndex(where: { $0.run == lease.run }) else { return [] }
    let others = jobs[job].holders.filter { $0 != lease.identifier }
    jobs[job].holders.removeAll { $0 != lease.identifier }
    if jobs[job].holders.isEmpty, jobs[job].isLent { jobs[job].mode = .idle }
    return others.compactMap { recall($0) }
  }

  /// Something changed that the cluster was not told of by itself.
  package mutating func reconsider(at now: Duration) -> [Action] { schedule(at: now) }

  /// A member cannot do the lease, or need not any more.
  package mutating func giveBack(lease identifier: Int, from member: Member, at now: Duration) -> [Action] {
    hear(member, at: now)
    guard leases[identifier]?.lease.member == member else { return [] }
    revoke(identifier)
    return schedule(at: now)
  }

  /// Whoever still works on the round comes too late.
  mutating func endLeases(of round: Round) {
    guard let state = rounds.first(where: { $0.round == round }) else { return }
    for identifier in state.portions.keys.sorted().flatMap({ state.portions[$0]?.holders ?? [] }) { revoke(identifier) }
  }
}

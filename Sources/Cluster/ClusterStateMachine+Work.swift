package import Hashing

// What there is to do, and what was done of it.
extension ClusterStateMachine {
  /// A run is to be trained from `step` on; it is lent whole or shared, as the cluster sees fit.
  package mutating func openTraining(run: Int, step: Int, end: Int, microBatches: Int, at now: Duration) -> [Action] {
    guard !jobs.contains(where: { $0.run == run }), step < end else { return [] }
    let position = jobs.firstIndex { $0.run > run } ?? jobs.endIndex
    jobs.insert(JobState(run: run, step: step, end: end, microBatches: max(1, microBatches)), at: position)
    return schedule(at: now)
  }

  /// A round of `units` units can be worked on.
  package mutating func open(_ round: Round, units: Int, at now: Duration) -> [Action] {
    guard units > 0 else { return [.completed(round)] }
    guard !rounds.contains(where: { $0.round == round }) else { return [] }
    // Earlier runs first, so that a phase ends with few runs open.
    let position = rounds.firstIndex { $0.round.run > round.run } ?? rounds.endIndex
    rounds.insert(RoundState(round: round, total: units), at: position)
    return schedule(at: now)
  }

  /// A run stands before `step` now, which was reached by sharing it or by a lease of the whole run.
  package mutating func advance(run: Int, to step: Int, at now: Duration) -> [Action] {
    guard let index = jobs.firstIndex(where: { $0.run == run }), step > jobs[index].step else { return [] }
    jobs[index].step = step
    if jobs[index].mode == .shared { jobs[index].mode = .idle }
    return step < jobs[index].end ? schedule(at: now) : close(run: run, at: now)
  }

  /// Nothing more is to be trained of a run.
  package mutating func close(run: Int, at now: Duration) -> [Action] {
    guard let index = jobs.firstIndex(where: { $0.run == run }) else { return [] }
    let holders = jobs[index].holders
    jobs.remove(at: index)
    rounds.removeAll { $0.round.run == run && $0.round.isStep }
    var actions: [Action] = []
    for identifier in holders {
      // Whoever still trains it does so for nothing.
      if let lease = leases[identifier]?.lease { actions.append(.recall(lease)) }
    }
    return actions + schedule(at: now)
  }

  /// A member delivered the results of some units.
  ///
  /// - Parameters:
  ///   - needsConfirmation: nobody may believe it alone, because it is not finite.
  ///   - digest: of what was delivered; asked for only where there is something to compare it with.
  package mutating func deliver(
    lease identifier: Int, from member: Member, needsConfirmation: Bool = false, digest: () -> TensorDigest,
    at now: Duration
  ) -> [Action] {
    hear(member, at: now)
    guard let state = leases[identifier], state.lease.member == member,
      case .units(let round, let units) = state.lease.work
    else { return [.discard(lease: identifier)] }
    measure(state, round: round, units: units.count, at: now)
    leases[identifier] = nil
    guard let index = rounds.firstIndex(where: { $0.round == round }),
      var portion = rounds[index].portions[units.lowerBound], portion.units == units
    else { return [.discard(lease: identifier)] + schedule(at: now) }
    portion.holders.removeAll { $0 == identifier }
    if needsConfirmation { portion.opinionsNeeded = max(2, portion.opinionsNeeded) }
    if let counted = portion.counted {
      rounds[index].portions[units.lowerBound] = portion
      guard let expected = counted.digest, digest() != expected else {
        return [.discard(lease: identifier)] + schedule(at: now)
      }
      return [.discard(lease: identifier)] + restart(index, because: [counted.member, member], units: units)
        + schedule(at: now)
    }
    let isCompared = portion.opinionsNeeded > 1 || !portion.holders.isEmpty || !portion.opinions.isEmpty
    portion.opinions.append(.init(lease: identifier, member: member, digest: isCompared ? digest() : nil))
    rounds[index].portions[units.lowerBound] = portion
    return settle(round: index, units: units) + schedule(at: now)
  }

  /// A member delivered steps of a run that it was lent.
  ///
  /// - Parameters:
  ///   - steps: how many steps it did since its last delivery.
  ///   - isLast: it has given the run back.
  /// - Returns: nil when it holds no such lease.
  package mutating func deliver(
    training identifier: Int, from member: Member, steps: Int, isLast: Bool, at now: Duration
  ) -> Lease? {
    hear(member, at: now)
    guard let state = leases[identifier], state.lease.member == member, case .training = state.lease.work,
      let index = members.firstIndex(where: { $0.member == member })
    else { return nil }
    let seconds = (now - max(state.granted, members[index].lastDelivered)) / .seconds(1)
    members[index].lastDelivered = now
    if steps > 0 {
      statePace.add(seconds)
      if let job = jobs.first(where: { $0.run == state.lease.run }) {
        members[index].speed.add(seconds / Double(steps * job.microBatches))
        members[index].unitsDone += steps * job.microBatches
      }
    }
    if isLast { revoke(identifier) }
    return state.lease
  }

  /// The run should rather go to somebody else than to who had it last.
  package mutating func forgetTrainer(of run: Int, at now: Duration) -> [Action] {
    trainers[run] = nil
    return schedule(at: now)
  }

  /// A run that was lent twice has gone on under one lease: the others are no longer needed.
  package mutating func recallOthers(than lease: Lease) -> [Action] {
    guard let job = jobs.first(where: { $0.run == lease.run }) else { return [] }
    return job.holders.filter { $0 != lease.identifier }.compactMap { leases[$0].map { .recall($0.lease) } }
  }

  /// Something changed that the cluster was not told of by itself.
  package mutating func reconsider(at now: Duration) -> [Action] { schedule(at: now) }

  /// A member cannot do the lease, or need not any more.
  package mutating func giveBack(lease identifier: Int, from member: Member, at now: Duration) -> [Action] {
    guard leases[identifier]?.lease.member == member else { return [] }
    revoke(identifier)
    return schedule(at: now)
  }

  private mutating func measure(_ state: LeaseState, round: Round, units: Int, at now: Duration) {
    guard let index = members.firstIndex(where: { $0.member == state.lease.member }) else { return }
    members[index].held.removeAll { $0 == state.lease.identifier }
    let seconds = (now - max(state.granted, members[index].lastDelivered)) / .seconds(1) / Double(units)
    members[index].lastDelivered = now
    members[index].unitsDone += units
    if round.isStep {
      stepPace.add(seconds)
      members[index].speed.add(seconds)
    } else {
      evaluationPace.add(seconds)
      members[index].evaluationSpeed.add(seconds)
    }
  }

  /// Counts a portion when enough members agree about it.
  mutating func settle(round index: Int, units: Range<Int>) -> [Action] {
    guard var portion = rounds[index].portions[units.lowerBound], portion.counted == nil,
      let agreed = Dictionary(grouping: portion.opinions, by: \.digest).values.max(by: { $0.count < $1.count }),
      let first = agreed.first
    else { return [] }
    let round = rounds[index].round
    var actions: [Action] = []
    guard agreed.count >= portion.opinionsNeeded else {
      if agreed.count < portion.opinions.count, !portion.isDisputed {
        portion.isDisputed = true
        actions.append(.disagreement(round, units: units, members: portion.opinions.map(\.member)))
      }
      portion.opinionsNeeded = max(2, portion.opinionsNeeded)
      rounds[index].portions[units.lowerBound] = portion
      return actions
    }
    portion.counted = first
    rounds[index].portions[units.lowerBound] = portion
    actions.append(.count(Lease(identifier: first.lease, run: round.run, work: .units(round, units), member: first.member)))
    for opinion in portion.opinions where opinion.lease != first.lease {
      actions.append(.discard(lease: opinion.lease))
      guard opinion.digest != first.digest else { continue }
      actions.append(contentsOf: putAside(opinion.member, round: round, units: units))
    }
    guard let index = rounds.firstIndex(where: { $0.round == round }), rounds[index].isComplete else { return actions }
    rounds.remove(at: index)
    if !round.isStep { trainers[round.run] = nil }
    // Whoever still works on it comes too late.
    for identifier in leases.keys.sorted() where leases[identifier]?.lease.round == round { revoke(identifier) }
    return actions + [.completed(round)]
  }

  private mutating func putAside(_ member: Member, round: Round, units: Range<Int>) -> [Action] {
    guard let index = members.firstIndex(where: { $0.member == member }) else { return [] }
    for identifier in members.remove(at: index).held { revoke(identifier) }
    return [
      .putAside(member, reason: "its results for units \(units) of \(round) differ from those of two other workers")
    ]
  }

  /// What was counted cannot be taken out of a sum again: the whole round begins anew, and every unit of it needs two
  /// members that agree.
  private mutating func restart(_ index: Int, because members: [Member], units: Range<Int>) -> [Action] {
    let round = rounds[index].round
    for identifier in leases.keys.sorted() where leases[identifier]?.lease.round == round { revoke(identifier) }
    rounds[index].restart()
    return [.disagreement(round, units: units, members: members), .restart(round)]
  }
}

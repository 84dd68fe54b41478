internal import RandomNumbers

// Who is lent what.
extension ClusterStateMachine {
  /// What a member may hold: one lease of units that it works on and one that waits, so that it never idles between two.
  private static let leasesPerMember = 2

  /// Lends until nobody can be lent more.
  mutating func schedule(at now: Duration) -> [Action] {
    var actions = waiveOpinions()
    search: while true {
      let hungry = members.indices.filter { members[$0].isActive && members[$0].held.count < Self.leasesPerMember }
        .sorted { (members[$0].held.count, $0) < (members[$1].held.count, $1) }
      for index in hungry {
        if let granted = lend(to: index, at: now) {
          actions += granted
          continue search
        }
      }
      break
    }
    return actions + drained()
  }

  private mutating func drained() -> [Action] {
    let done = members.filter { $0.isDraining && $0.held.isEmpty }.map(\.member)
    members.removeAll { done.contains($0.member) }
    return done.map { .drained($0) }
  }

  /// The next piece of work for a member; nil when there is none for it.
  private mutating func lend(to index: Int, at now: Duration) -> [Action]? {
    let member = members[index]
    if member.held.isEmpty, let lease = lendOpinion(to: member.member, at: now) { return [.grant(lease)] }
    let holdsRun = member.held.contains { if case .training = leases[$0]?.lease.work { true } else { false } }
    if !holdsRun, let lease = lendUnits(to: index, at: now) { return [.grant(lease)] }
    guard member.held.isEmpty else { return nil }
    if let actions = lendRun(to: member.member, at: now) { return actions }
    if let lease = lendAgain(to: member.member, at: now) { return [.grant(lease)] }
    return recallRun()
  }

  mutating func grant(_ work: Lease.Work, run: Int, to member: Member, at now: Duration) -> Lease {
    let lease = Lease(identifier: nextLease, run: run, work: work, member: member)
    nextLease += 1
    leases[lease.identifier] = LeaseState(lease: lease, granted: now)
    if let index = members.firstIndex(where: { $0.member == member }) {
      members[index].held.append(lease.identifier)
    }
    return lease
  }
}

// Units of rounds.
extension ClusterStateMachine {
  private mutating func lendUnits(to member: Int, at now: Duration) -> Lease? {
    let name = members[member].member
    let open = rounds.indices.filter { !rounds[$0].pending.isEmpty }
    // Steps first: a run waits for them. Then whatever the member has the parameters of.
    let step = open.first { rounds[$0].round.isStep }
    let known = open.first { trainers[rounds[$0].round.run] == name }
    guard let index = step ?? known ?? open.first else { return nil }
    let round = rounds[index].round
    guard let units = rounds[index].take(share(of: index, for: member, openRounds: open.count)) else { return nil }
    let lease = grant(.units(round, units), run: round.run, to: name, at: now)
    var portion = RoundState.Portion(units: units, opinionsNeeded: rounds[index].opinionsNeeded)
    if isSampled(round, units: units) { portion.opinionsNeeded = max(2, portion.opinionsNeeded) }
    portion.holders = [lease.identifier]
    rounds[index].portions[units.lowerBound] = portion
    return lease
  }

  /// How many units of a round a member should be lent: in proportion to its rate among those that share the round.
  private func share(of index: Int, for member: Int, openRounds: Int) -> Int {
    let state = rounds[index]
    let sharers = members.indices.filter { other in
      members[other].isActive
        && !members[other].held.contains { if case .training = leases[$0]?.lease.work { true } else { false } }
    }
    // Rounds enough for everybody: whole ones, for no parameters need then go to two members.
    if !state.round.isStep, openRounds >= sharers.count { return state.pendingCount }
    func rate(_ other: Int) -> Double? {
      state.round.isStep ? members[other].speed.rate : members[other].evaluationSpeed.rate
    }
    let known = sharers.compactMap(rate)
    let usual = known.isEmpty ? 1 : known.reduce(0, +) / Double(known.count)
    let total = sharers.reduce(0) { $0 + (rate($1) ?? usual) }
    let fraction = total > 0 ? (rate(member) ?? usual) / total : 1
    // An evaluation is lent in ever smaller pieces, so that nobody waits long for the last.
    let units = state.round.isStep ? Double(state.total) : Double(state.pendingCount) / 2
    return max(1, Int((units * fraction - 1e-9).rounded(.up)))
  }

  private func isSampled(_ round: Round, units: Range<Int>) -> Bool {
    guard duplicateRate > 0 else { return false }
    var key = duplicateKey[round.run][units.lowerBound]
    if case .step(let step) = round.kind { key = key["step"][step] }
    var generator = key.generator
    return generator.uniform() < duplicateRate
  }

  /// Lends a portion that more members should compute than do.
  private mutating func lendOpinion(to member: Member, at now: Duration) -> Lease? {
    for index in rounds.indices {
      for first in rounds[index].portions.keys.sorted() {
        guard let portion = rounds[index].portions[first], portion.wantsOpinions, !involves(member, in: portion) else {
          continue
        }
        return lend(portion, of: index, to: member, at: now)
      }
    }
    return nil
  }

  private mutating func lend(
    _ portion: RoundState.Portion, of index: Int, to member: Member, at now: Duration
  ) -> Lease {
    let round = rounds[index].round
    let lease = grant(.units(round, portion.units), run: round.run, to: member, at: now)
    rounds[index].portions[portion.units.lowerBound]?.holders.append(lease.identifier)
    return lease
  }

  private func involves(_ member: Member, in portion: RoundState.Portion) -> Bool {
    portion.opinions.contains { $0.member == member }
      || portion.holders.contains { leases[$0]?.lease.member == member }
  }

  /// Where nobody is left who could confirm what one member says, it is believed, unless another one contradicted it.
  private mutating func waiveOpinions() -> [Action] {
    var actions: [Action] = []
    for round in rounds.map(\.round) {
      guard let state = rounds.first(where: { $0.round == round }), state.opinionsNeeded == 1 else { continue }
      for first in state.portions.keys.sorted() {
        guard let portion = state.portions[first], portion.counted == nil, !portion.opinions.isEmpty,
          portion.holders.isEmpty, !portion.isDisputed,
          !members.contains(where: { $0.isActive && !involves($0.member, in: portion) }),
          let index = rounds.firstIndex(where: { $0.round == round })
        else { continue }
        rounds[index].portions[first]?.opinionsNeeded = 1
        actions += settle(round: index, units: portion.units)
      }
    }
    return actions
  }
}

// Whole runs, and work that takes too long.
extension ClusterStateMachine {
  /// How many runs are lent whole: all while there are enough of them, else so few that the others' micro-batches keep
  /// everybody else busy.
  private var runsToLend: Int {
    let workers = members.count { $0.isActive }
    guard jobs.count < workers else { return workers }
    let microBatches = jobs.reduce(0) { $0 + $1.microBatches }
    for lent in stride(from: jobs.count - 1, to: 0, by: -1) {
      let shared = jobs.count - lent
      if microBatches * shared / jobs.count >= workers - lent { return lent }
    }
    return 0
  }

  private mutating func lendRun(to member: Member, at now: Duration) -> [Action]? {
    let idle = jobs.indices.filter { jobs[$0].mode == .idle }
    guard let index = idle.first(where: { trainers[jobs[$0].run] == member }) ?? idle.first else { return nil }
    let lent = jobs.count { $0.mode == .lent || $0.mode == .recalled }
    guard lent < runsToLend else {
      jobs[index].mode = .shared
      return [.share(run: jobs[index].run)]
    }
    jobs[index].mode = .lent
    return [.grant(lend(job: index, to: member, at: now))]
  }

  private mutating func lend(job index: Int, to member: Member, at now: Duration) -> Lease {
    let lease = grant(.training(from: jobs[index].step), run: jobs[index].run, to: member, at: now)
    jobs[index].holders.append(lease.identifier)
    trainers[jobs[index].run] = member
    return lease
  }

  /// Asks for a run back that was lent whole, so that those who have nothing to do can share it.
  private mutating func recallRun() -> [Action]? {
    let lent = jobs.indices.filter { jobs[$0].mode == .lent }
    guard lent.count > runsToLend, !jobs.contains(where: { $0.mode == .recalled }),
      let index = lent.max(by: { jobs[$0].end - jobs[$0].step < jobs[$1].end - jobs[$1].step }),
      jobs[index].end - jobs[index].step > 1
    else { return nil }
    jobs[index].mode = .recalled
    let actions = jobs[index].holders.compactMap { leases[$0]?.lease }.map { Action.recall($0) }
    return actions.isEmpty ? nil : actions
  }

  /// Lends to an idle member what another one has held for too long: whoever delivers first counts.
  private mutating func lendAgain(to member: Member, at now: Duration) -> Lease? {
    for identifier in leases.keys.sorted() {
      guard let state = leases[identifier], state.lease.member != member, isOverdue(state, at: now) else { continue }
      switch state.lease.work {
      case .units(let round, let units):
        guard let index = rounds.firstIndex(where: { $0.round == round }),
          let portion = rounds[index].portions[units.lowerBound], portion.counted == nil, portion.holders.count < 3,
          !involves(member, in: portion), portion.holders.allSatisfy({ isOverdue($0, at: now) })
        else { continue }
        return lend(portion, of: index, to: member, at: now)
      case .training:
        guard let index = jobs.firstIndex(where: { $0.run == state.lease.run }), jobs[index].holders.count < 3,
          !jobs[index].holders.contains(where: { leases[$0]?.lease.member == member }),
          jobs[index].holders.allSatisfy({ isOverdue($0, at: now) })
        else { continue }
        return lend(job: index, to: member, at: now)
      }
    }
    return nil
  }

  private func isOverdue(_ identifier: Int, at now: Duration) -> Bool {
    leases[identifier].map { isOverdue($0, at: now) } ?? true
  }

  /// Whether a lease has taken so long that somebody else may do the same: its member is silent, or it took three times
  /// what 95 of 100 took; the tail of a round, twice what half of them took.
  private func isOverdue(_ state: LeaseState, at now: Duration) -> Bool {
    guard let member = members.first(where: { $0.member == state.lease.member }) else { return true }
    if member.isSilent { return true }
    // A lease that waits behind another has not begun.
    guard member.held.first == state.lease.identifier else { return false }
    let elapsed = (now - max(state.granted, member.lastDelivered)) / .seconds(1)
    let shortest = timing.shortestLease / .seconds(1)
    let first = timing.firstLease / .seconds(1)
    switch state.lease.work {
    case .training:
      guard let usual = statePace.quantile(0.95) else { return elapsed > first }
      return elapsed > max(shortest, 3 * usual)
    case .units(let round, let units):
      let pace = round.isStep ? stepPace : evaluationPace
      guard let usual = pace.quantile(0.95), let median = pace.quantile(0.5) else { return elapsed > first }
      let isTail = rounds.first { $0.round == round }?.pending.isEmpty ?? false
      let limit = isTail ? max(shortest / 10, 2 * median * Double(units.count)) : .infinity
      return elapsed > min(limit, max(shortest, 3 * usual * Double(units.count)))
    }
  }
}

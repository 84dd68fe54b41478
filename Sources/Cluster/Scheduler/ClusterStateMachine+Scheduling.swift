internal import Support

// Who is lent what.
extension ClusterStateMachine {
  /// What a member may hold: one lease of units that it works on and one that waits, so that it never idles between two.
  static let leasesPerMember = 2

  /// Lends until nobody can be lent more.
  mutating func schedule(at now: Duration) -> [Action] {
    noteTime(now)
    guard holds == 0 else { return [] }
    var actions = waiveOpinions(at: now)
    let overdue = overdueLeases(at: now)
    // Everybody gets a first lease before anybody gets a second.
    for count in 0..<Self.leasesPerMember {
      for index in members.indices {
        effort += 1
        while isLendable(index), members[index].held.count == count,
          let lent = lend(to: index, overdue: overdue, at: now)
        {
          actions += lent
        }
      }
    }
    actions += recallForOpinion()
    return actions + drained()
  }

  private func isLendable(_ index: Int) -> Bool {
    flaw == .lendsToDrained ? !members[index].isSilent : members[index].isActive
  }

  private mutating func drained() -> [Action] {
    let done = members.filter { $0.isDraining && $0.held.isEmpty }.map(\.member)
    guard !done.isEmpty else { return [] }
    return done.flatMap { (remove($0) ?? []) + [.drained($0)] }
  }

  /// The next piece of work for a member; nil when there is none for it.
  private mutating func lend(to index: Int, overdue: [Int], at now: Duration) -> [Action]? {
    guard !members[index].trains else { return nil }
    let member = members[index].member
    if let lease = lendOpinion(to: member, at: now) { return [.grant(lease)] }
    if let lease = lendAgain(to: member, overdue: overdue.filter(isAbandoned), at: now) { return [.grant(lease)] }
    if let lease = lendUnits(to: index, overdue: overdue, at: now) { return [.grant(lease)] }
    if let actions = lendRun(to: index, at: now) { return actions }
    guard members[index].held.isEmpty else { return nil }
    if let lease = lendAgain(to: member, overdue: overdue, at: now) { return [.grant(lease)] }
    return recallRun()
  }

  mutating func grant(_ work: Lease.Work, run: Int, end: Int? = nil, to member: Member, at now: Duration) -> Lease {
    let lease = Lease(identifier: nextLease, run: run, work: work, member: member, end: end)
    nextLease += 1
    leases[lease.identifier] = LeaseState(lease: lease, granted: now)
    if let index = position(of: member) {
      members[index].held.append(lease.identifier)
      if case .training = work { members[index].trains = true }
    }
    return lease
  }
}

// Units of rounds.
extension ClusterStateMachine {
  private mutating func lendUnits(to member: Int, overdue: [Int], at now: Duration) -> Lease? {
    let name = members[member].member
    effort += rounds.count
    var open = rounds.indices.filter { !rounds[$0].pending.isEmpty }
    if open.contains(where: { rounds[$0].round.isStep && wouldDelay(round: $0, member, overdue: overdue) }) {
      open.removeAll { rounds[$0].round.isStep }
    }
    guard !open.isEmpty else { return nil }
    // Steps first: a run waits for them. Then whatever the member has the parameters of.
    let step = open.first { rounds[$0].round.isStep }
    let known = open.first { trainers[rounds[$0].round.run] == name }
    guard let index = step ?? known ?? open.first else { return nil }
    let round = rounds[index].round
    guard let units = rounds[index].take(share(of: index, for: member, openRounds: open.count)) else { return nil }
    let lease = grant(.units(round, units), run: round.run, to: name, at: now)
    var portion = RoundState.Portion(units: units, opinionsNeeded: rounds[index].opinionsNeeded)
    if !round.isStep, isSampled(duplicateKey[round.run][units.lowerBound]) { portion.opinionsNeeded = 2 }
    if portion.opinionsNeeded > 1 { rounds[index].comparesOpinions = true }
    portion.holders = [lease.identifier]
    rounds[index].portions[units.lowerBound] = portion
    return lease
  }

  /// How many units of a round a member should be lent: in proportion to its rate among those that share the round.
  private mutating func share(of index: Int, for member: Int, openRounds: Int) -> Int {
    let state = rounds[index]
    effort += members.count
    let sharers = members.indices.filter { members[$0].isActive && !members[$0].trains }
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
    // To the nearest: rounded up, the slightly faster of many equal members would each take a unit too many.
    return max(1, Int((units * fraction).rounded()))
  }

  /// Whether the others do a whole step sooner than this member one of its micro-batches, so that all would wait for it.
  private mutating func wouldDelay(round: Int, _ member: Int, overdue: [Int]) -> Bool {
    guard let own = members[member].speed.secondsPerUnit, members[member].unitsDone > 8 else { return false }
    effort += members.count
    // Only those count that are there and get on.
    let others = members.indices.filter { other in
      other != member && members[other].isActive && !members[other].trains
        && !members[other].held.contains(where: overdue.contains)
    }
    let rates = others.compactMap { members[$0].speed.rate }
    guard let best = rates.max() else { return false }
    return own > 2 * max(1 / best, Double(rounds[round].total) / rates.reduce(0, +))
  }

  /// Whether two members do this step: a whole run is lent up to the next such step at most.
  func isSampled(run: Int, step: Int) -> Bool { isSampled(duplicateKey[run]["step"][step]) }

  private func isSampled(_ key: RandomKey) -> Bool {
    guard duplicateRate > 0 else { return false }
    var generator = key.generator
    return generator.uniform() < duplicateRate
  }

  /// Lends a portion that more members should compute than do.
  private mutating func lendOpinion(to member: Member, at now: Duration) -> Lease? {
    for index in rounds.indices where rounds[index].comparesOpinions {
      for first in rounds[index].portions.keys.sorted() {
        effort += 1
        guard let portion = rounds[index].portions[first], portion.wantsOpinions,
          !involves(member, in: portion) || mayAskAgain(member, for: portion, at: now)
        else { continue }
        return lend(portion, of: index, to: member, at: now)
      }
    }
    return nil
  }

  /// A member that is alone is asked a second time whether its result is really not finite.
  private func mayAskAgain(_ member: Member, for portion: RoundState.Portion, at now: Duration) -> Bool {
    portion.isDoubtful && portion.holders.isEmpty && portion.opinions.allSatisfy { $0.member == member }
      && !hasOthers(than: member) && isLongAlone(at: now)
  }

  mutating func lend(
    _ portion: RoundState.Portion, of index: Int, to member: Member, at now: Duration
  ) -> Lease {
    let round = rounds[index].round
    let lease = grant(.units(round, portion.units), run: round.run, to: member, at: now)
    rounds[index].portions[portion.units.lowerBound]?.holders.append(lease.identifier)
    return lease
  }

  /// Where all who could give an opinion train whole runs, one of them must give its run back.
  private mutating func recallForOpinion() -> [Action] {
    for round in rounds where round.comparesOpinions {
      for first in round.portions.keys.sorted() {
        effort += 1
        guard let portion = round.portions[first], portion.wantsOpinions else { continue }
        let able = members.filter { $0.isActive && !involves($0.member, in: portion) }
        guard let one = able.first, able.allSatisfy(\.trains) else { continue }
        let isUnderWay = able.contains { $0.held.contains { leases[$0]?.isRecalled == true } }
        return isUnderWay ? [] : one.held.compactMap { recallOfJob($0) }
      }
    }
    return []
  }
}

// Whole runs.
extension ClusterStateMachine {
  /// How many runs are lent whole: all while there are enough of them, else so few that the others' micro-batches keep
  /// everybody else busy. A run whose steps are one micro-batch each cannot be shared.
  private var runsToLend: Int {
    let workers = members.count { $0.isActive }
    guard jobs.count < workers else { return workers }
    let whole = jobs.count { $0.microBatches == 1 }
    let microBatches = jobs.reduce(0) { $0 + $1.microBatches }
    for lent in stride(from: jobs.count - 1, to: whole, by: -1) {
      let shared = jobs.count - lent
      if microBatches * shared / jobs.count >= workers - lent { return lent }
    }
    return whole
  }

  private mutating func lendRun(to member: Int, at now: Duration) -> [Action]? {
    effort += jobs.count
    let name = members[member].member
    let free = jobs.indices.filter { index in
      jobs[index].mode == .idle && (shunned[jobs[index].run] != name || !hasOthers(than: name))
    }
    guard let index = free.first(where: { trainers[jobs[$0].run] == name }) ?? free.first else { return nil }
    let lent = jobs.count(where: \.isLent)
    let isEnoughLent = jobs[index].pack == nil && lent >= runsToLend
    if isEnoughLent || isSampled(run: jobs[index].run, step: jobs[index].step) {
      jobs[index].mode = .shared
      return [.share(run: jobs[index].run)]
    }
    guard members[member].held.isEmpty else { return nil }
    guard let pack = jobs[index].pack else { return [.grant(lend(job: index, to: name, at: now))] }
    return free.filter { jobs[$0].pack == pack && !isSampled(run: jobs[$0].run, step: jobs[$0].step) }
      .map { .grant(lend(job: $0, to: name, at: now)) }
  }

  mutating func lend(job index: Int, to member: Member, at now: Duration) -> Lease {
    let (run, step) = (jobs[index].run, jobs[index].step)
    var end = jobs[index].end
    if duplicateRate > 0 { end = (step + 1..<jobs[index].end).first { isSampled(run: run, step: $0) } ?? end }
    let lease = grant(.training(from: step), run: run, end: end, to: member, at: now)
    jobs[index].mode = .lent
    jobs[index].holders.append(lease.identifier)
    trainers[run] = member
    return lease
  }

  /// Asks for a run back that was lent whole, so that those who have nothing to do can share it.
  private mutating func recallRun() -> [Action]? {
    effort += jobs.count
    let lent = jobs.indices.filter {
      jobs[$0].mode == .lent && jobs[$0].microBatches > 1 && jobs[$0].pack == nil
    }
    guard jobs.count(where: { $0.mode == .lent }) > runsToLend, !jobs.contains(where: { $0.mode == .recalled }),
      let index = lent.max(by: { jobs[$0].end - jobs[$0].step < jobs[$1].end - jobs[$1].step }),
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

// Work that takes too long.
extension ClusterStateMachine {
  /// Lends to a member what another one has held for too long: whoever delivers first counts.
  mutating func lendAgain(to member: Member, overdue: [Int], at now: Duration) -> Lease? {
    for identifier in overdue {
      effort += 1
      guard let lease = leases[identifier]?.lease, lease.member != member else { continue }
      switch lease.work {
      case .units(let round, let units):
        guard let index = rounds.firstIndex(where: { $0.round == round }),
          let portion = rounds[index].portions[units.lowerBound], portion.counted == nil, portion.holders.count < 3,
          !involves(member, in: portion), portion.holders.allSatisfy(overdue.contains)
        else { continue }
        return lend(portion, of: index, to: member, at: now)
      case .training:
        guard let index = jobs.firstIndex(where: { $0.run == lease.run }), jobs[index].holders.count < 3,
          jobs[index].holders.contains(identifier), members.first(where: { $0.member == member })?.held.isEmpty == true,
          jobs[index].holders.allSatisfy(overdue.contains)
        else { continue }
        return lend(job: index, to: member, at: now)
      }
    }
    return nil
  }

  /// Whether the member that has the lease is silent: then what it holds is as good as not lent.
  func isAbandoned(_ identifier: Int) -> Bool {
    guard let member = leases[identifier]?.lease.member, let index = position(of: member) else { return true }
    return members[index].isSilent
  }

  /// Leases that have taken so long that somebody else may do the same, the oldest first.
  mutating func overdueLeases(at now: Duration) -> [Int] {
    guard flaw != .waitsForever else { return [] }
    var overdue: [Int] = []
    for member in members {
      effort += 1
      guard let first = member.held.first, let state = leases[first] else { continue }
      let elapsed = (now - max(state.granted, member.lastDelivered)) / .seconds(1)
      // Nobody's patience is shorter; to know more takes longer.
      guard member.isSilent || elapsed > timing.shortestLease / .seconds(10) else { continue }
      // What waits behind an overdue lease does not get on either.
      if member.isSilent || elapsed > patience(with: state, of: member) { overdue += member.held }
    }
    return overdue.sorted()
  }

  /// How many seconds a lease may take before somebody else may do the same: three times what 95 of 100 took; the tail
  /// of a round, twice what half of them took.
  func patience(with state: LeaseState, of member: MemberState) -> Double {
    let shortest = timing.shortestLease / .seconds(1)
    // Who has delivered something has its model.
    let first = max(shortest, timing.firstLease / .seconds(1) / (member.unitsDone > 0 ? 6 : 1))
    switch state.lease.work {
    case .training:
      guard let usual = statePace.quantile(0.95) else { return first }
      return max(shortest, 3 * usual)
    case .units(let round, let units):
      let pace = round.isStep ? stepPace : evaluationPace
      guard let usual = pace.quantile(0.95), let median = pace.quantile(0.5) else { return first }
      let isTail = rounds.first { $0.round == round }?.pending.isEmpty ?? false
      let limit = isTail ? max(shortest / 10, 2 * median * Double(units.count)) : .infinity
      return min(limit, max(shortest, 3 * usual * Double(units.count)))
    }
  }
}

package import Support

// Deliveries of units: when they count, and what follows where members do not agree.
extension ClusterStateMachine {
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
    letGo(identifier, by: member)
    guard let index = rounds.firstIndex(where: { $0.round == round }),
      var portion = rounds[index].portions[units.lowerBound], portion.units == units
    else { return [.discard(lease: identifier)] + schedule(at: now) }
    portion.holders.removeAll { $0 == identifier }
    if needsConfirmation {
      portion.opinionsNeeded = max(2, portion.opinionsNeeded)
      portion.isDoubtful = true
      rounds[index].comparesOpinions = true
    }
    if let counted = portion.counted {
      rounds[index].portions[units.lowerBound] = portion
      if flaw == .countsDuplicates { return [.count(state.lease)] + schedule(at: now) }
      guard let expected = counted.digest, digest() != expected else {
        return [.discard(lease: identifier)] + schedule(at: now)
      }
      if portion.opinions.filter({ $0.digest == expected }).count > 1 {
        return [.discard(lease: identifier)] + putAside(member, round: round, units: units) + schedule(at: now)
      }
      // What was counted cannot be taken out of a sum again: every unit of the round needs two members that agree now.
      return [
        .discard(lease: identifier), .disagreement(round, units: units, members: [counted.member, member]),
      ] + restart(round, opinionsNeeded: 2, isDisputed: true) + schedule(at: now)
    }
    let isCompared = portion.opinionsNeeded > 1 || !portion.holders.isEmpty || !portion.opinions.isEmpty
    portion.opinions.append(.init(lease: identifier, member: member, digest: isCompared ? digest() : nil))
    rounds[index].portions[units.lowerBound] = portion
    return settle(round: index, units: units, at: now) + schedule(at: now)
  }

  private mutating func measure(_ state: LeaseState, round: Round, units: Int, at now: Duration) {
    guard let index = position(of: state.lease.member) else { return }
    let seconds = (now - max(state.granted, members[index].lastDelivered)) / .seconds(1) / Double(units)
    let isFirst = members[index].unitsDone == 0
    members[index].lastDelivered = now
    members[index].unitsDone += units
    // The first one had to build its model besides; of one that was sent again it is not known when it came.
    if isFirst || state.reminders > 0 { return }
    if round.isStep {
      stepPace.add(seconds)
      members[index].speed.add(seconds)
    } else {
      evaluationPace.add(seconds)
      members[index].evaluationSpeed.add(seconds)
    }
  }

  /// The member was overtaken by others: it is at least as slow as it has been so far.
  private mutating func measureOvertaken(_ identifier: Int, at now: Duration) {
    guard let lease = leases[identifier]?.lease, let round = lease.round, let units = lease.units,
      let granted = leases[identifier]?.granted, let index = position(of: lease.member),
      members[index].held.first == identifier, members[index].unitsDone > 0
    else { return }
    let seconds = (now - max(granted, members[index].lastDelivered)) / .seconds(1) / Double(units.count)
    if round.isStep {
      members[index].speed.addAtLeast(seconds)
    } else {
      members[index].evaluationSpeed.addAtLeast(seconds)
    }
  }

  /// Counts a portion when enough members agree about it.
  mutating func settle(round index: Int, units: Range<Int>, at now: Duration) -> [Action] {
    guard var portion = rounds[index].portions[units.lowerBound], portion.counted == nil else { return [] }
    let agreed = portion.agreed
    guard let first = agreed.first else { return [] }
    let round = rounds[index].round
    guard agreed.count >= portion.opinionsNeeded || flaw == .believesTheFirst else {
      var actions: [Action] = []
      if agreed.count < portion.opinions.count, !portion.isDisputed {
        portion.isDisputed = true
        actions.append(.disagreement(round, units: units, members: portion.opinions.map(\.member)))
      }
      portion.opinionsNeeded = max(2, portion.opinionsNeeded)
      rounds[index].comparesOpinions = true
      rounds[index].portions[units.lowerBound] = portion
      return actions
    }
    portion.counted = first
    rounds[index].portions[units.lowerBound] = portion
    var actions: [Action] = []
    // A member that came to something else once and then agreed is not put aside: it has proved to be able to.
    for wrong in portion.opinions where !agreed.contains(where: { $0.member == wrong.member }) {
      actions += putAside(wrong.member, round: round, units: units)
    }
    let rest = portion.opinions.filter { $0 != first }.map { Action.discard(lease: $0.lease) }
    guard let index = rounds.firstIndex(where: { $0.round == round }),
      rounds[index].portions[units.lowerBound]?.counted == first
    else { return [.discard(lease: first.lease)] + rest + actions }
    let lease = Lease(identifier: first.lease, run: round.run, work: .units(round, units), member: first.member)
    actions = [.count(lease)] + rest + actions
    guard rounds[index].isComplete else { return actions }
    for identifier in rounds[index].portions.keys.sorted().flatMap({ rounds[index].portions[$0]?.holders ?? [] }) {
      measureOvertaken(identifier, at: now)
    }
    endLeases(of: round)
    rounds.removeAll { $0.round == round }
    if !round.isStep { trainers[round.run] = nil }
    return actions + [.completed(round)]
  }

  /// Two others agree on something else than the member: it goes, and its word counts nowhere any more.
  private mutating func putAside(_ member: Member, round: Round, units: Range<Int>) -> [Action] {
    var actions: [Action] = []
    if let discarded = remove(member) {
      actions += discarded
      actions.append(.putAside(member, round, units: units))
    }
    for state in rounds {
      let isTainted = state.portions.values.contains { portion in
        guard let counted = portion.counted, counted.member == member else { return false }
        return !portion.opinions.contains { $0.member != member && $0.digest == counted.digest }
      }
      // What it said alone is in the sum already.
      if isTainted { actions += restart(state.round, opinionsNeeded: state.opinionsNeeded, isDisputed: false) }
    }
    return actions
  }

  /// Opinions of a member that nobody has shared yet are worth nothing once it has gone: as another member it could
  /// confirm them itself.
  mutating func forgetOpinions(of member: Member) -> [Action] {
    var actions: [Action] = []
    for index in rounds.indices where rounds[index].comparesOpinions {
      for first in rounds[index].portions.keys.sorted() {
        guard var portion = rounds[index].portions[first], portion.counted == nil else { continue }
        let forgotten = portion.opinions.filter { $0.member == member }
        guard !forgotten.isEmpty else { continue }
        actions += forgotten.map { .discard(lease: $0.lease) }
        portion.opinions.removeAll { $0.member == member }
        portion.isDisputed = Set(portion.opinions.map(\.digest)).count > 1
        rounds[index].portions[first] = portion
        if portion.opinions.isEmpty, portion.holders.isEmpty { rounds[index].putBack(portion.units) }
      }
    }
    return actions
  }

  /// The round begins anew.
  private mutating func restart(_ round: Round, opinionsNeeded: Int, isDisputed: Bool) -> [Action] {
    endLeases(of: round)
    guard let index = rounds.firstIndex(where: { $0.round == round }) else { return [] }
    let discarded = rounds[index].waitingOpinions.map { Action.discard(lease: $0.lease) }
    rounds[index].restart(opinionsNeeded: opinionsNeeded, isDisputed: isDisputed)
    return discarded + [.restart(round)]
  }

  /// Where nobody is left who could confirm what one member says, and nobody has come for a while, it is believed, unless
  /// another one contradicted it, or it is not finite: then it is asked for again.
  mutating func waiveOpinions(at now: Duration) -> [Action] {
    let active = members.filter(\.isActive)
    if active.count > 1 { lastCompany = now }
    guard active.count == 1, isLongAlone(at: now) else { return [] }
    var actions: [Action] = []
    for round in rounds.filter(\.comparesOpinions).map(\.round) {
      guard let state = rounds.first(where: { $0.round == round }) else { continue }
      for first in state.portions.keys.sorted() {
        effort += 1
        guard let portion = state.portions[first], portion.counted == nil, !portion.opinions.isEmpty,
          portion.holders.isEmpty, !portion.isDisputed, !portion.isDoubtful, !state.isDisputed,
          active.allSatisfy({ involves($0.member, in: portion) }),
          let index = rounds.firstIndex(where: { $0.round == round })
        else { continue }
        rounds[index].portions[first]?.opinionsNeeded = 1
        actions += settle(round: index, units: portion.units, at: now)
      }
    }
    return actions
  }

  /// Whether there was no second active member for as long as a worker needs to come back.
  func isLongAlone(at now: Duration) -> Bool { now - (lastCompany ?? .zero) > timing.silenceLimit }

  func involves(_ member: Member, in portion: RoundState.Portion) -> Bool {
    portion.opinions.contains { $0.member == member }
      || portion.holders.contains { leases[$0]?.lease.member == member }
  }
}

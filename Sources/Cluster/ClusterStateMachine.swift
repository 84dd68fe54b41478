/// Who is a member, what is lent to whom, and what is done: events in, actions out, with no sockets, clocks or threads.
///
/// Work is lent at least once and counted exactly once: a delivery counts when none of its units has been counted before,
/// whatever has become of its lease since.
package struct ClusterStateMachine: Sendable {
  private var members: [MemberState] = []
  private var rounds: [RoundState] = []
  private var leases: [Int: LeaseState] = [:]
  private var nextLease = 1
  /// The longest time that one unit was seen to take.
  private var slowestUnit: Duration = .zero
  private let timing: ClusterTiming

  /// What a member may hold: one lease that it works on and one that waits, so that it never idles between two.
  private static let leasesPerMember = 2

  package init(timing: ClusterTiming = ClusterTiming()) {
    self.timing = timing
  }

  /// What the shell must do.
  package enum Action: Hashable, Sendable {
    case grant(Lease)
    /// All units of the round have been counted.
    case completed(Round)
    /// The member was given up; tell it, should it still listen.
    case expelled(Member, reason: String)
  }

  /// Whether a delivery counts.
  package enum Verdict: Hashable, Sendable {
    case counted(Lease)
    /// Somebody else's delivery of some of these units came first.
    case duplicate
    /// No such lease was ever granted to this member.
    case unknown
  }

  package var memberCount: Int { members.count }

  /// Units of open rounds that nobody works on.
  package var pendingUnits: Int {
    rounds.reduce(0) { $0 + $1.units.count { $0 == .pending } }
  }
}

extension ClusterStateMachine {
  /// A worker said hello and was let in.
  package mutating func join(_ member: Member, at now: Duration) -> [Action] {
    guard !members.contains(where: { $0.member == member }) else { return [] }
    members.append(MemberState(member: member, lastHeard: now))
    return schedule(at: now)
  }

  /// A member said goodbye, exited, or cannot be reached.
  package mutating func leave(_ member: Member, at now: Duration) -> [Action] {
    guard remove(member) else { return [] }
    return schedule(at: now)
  }

  /// Anything came from a member.
  package mutating func hear(_ member: Member, at now: Duration) {
    guard let index = members.firstIndex(where: { $0.member == member }) else { return }
    members[index].lastHeard = now
  }

  /// A round of `units` units can be worked on; at most `largestLease` of them are lent at a time.
  package mutating func open(_ round: Round, units: Int, largestLease: Int, at now: Duration) -> [Action] {
    guard units > 0 else { return [.completed(round)] }
    guard !rounds.contains(where: { $0.round == round }) else { return [] }
    let state = RoundState(
      round: round, units: Array(repeating: .pending, count: units), largestLease: max(1, largestLease))
    // Earlier runs first, so that a phase ends with few runs open.
    let position = rounds.firstIndex { $0.round.run > round.run } ?? rounds.endIndex
    rounds.insert(state, at: position)
    return schedule(at: now)
  }

  /// A member delivered the result of a lease.
  package mutating func deliver(lease identifier: Int, from member: Member, at now: Duration) -> (Verdict, [Action]) {
    hear(member, at: now)
    guard let state = leases[identifier], state.lease.member == member else { return (.unknown, []) }
    leases[identifier] = nil
    let lease = state.lease
    guard let index = rounds.firstIndex(where: { $0.round == lease.round }),
      !rounds[index].units[lease.units].contains(.done)
    else { return (.duplicate, schedule(at: now)) }
    slowestUnit = max(slowestUnit, (now - state.granted) / lease.units.count)
    for unit in lease.units { rounds[index].units[unit] = .done }
    var actions: [Action] = []
    if rounds[index].units.allSatisfy({ $0 == .done }) {
      rounds.remove(at: index)
      // Whoever still works on it comes too late.
      leases = leases.filter { $0.value.lease.round != lease.round }
      actions.append(.completed(lease.round))
    }
    return (.counted(lease), actions + schedule(at: now))
  }

  /// Time has passed: silent members are given up, and leases that ran out are lent again.
  package mutating func tick(at now: Duration) -> [Action] {
    var actions: [Action] = []
    for state in members where now - state.lastHeard > timing.silenceLimit {
      _ = remove(state.member)
      actions.append(.expelled(state.member, reason: "not heard of for \(now - state.lastHeard)"))
    }
    for identifier in leases.keys.sorted() {
      guard let state = leases[identifier], !state.isRevoked else { continue }
      if now - state.granted > max(timing.shortestLease, slowestUnit * 3 * state.lease.units.count) {
        revoke(identifier)
      }
    }
    return actions + schedule(at: now)
  }
}

extension ClusterStateMachine {
  private struct MemberState {
    let member: Member
    var lastHeard: Duration
  }

  private struct RoundState {
    let round: Round
    var units: [UnitState]
    let largestLease: Int
  }

  private enum UnitState: Hashable {
    case pending
    case lent(lease: Int)
    case done
  }

  private struct LeaseState {
    let lease: Lease
    let granted: Duration
    /// Its units are lent again, but its delivery still counts if it comes first.
    var isRevoked = false
  }

  private mutating func remove(_ member: Member) -> Bool {
    guard let index = members.firstIndex(where: { $0.member == member }) else { return false }
    members.remove(at: index)
    for identifier in leases.keys.sorted() where leases[identifier]?.lease.member == member {
      revoke(identifier)
      leases[identifier] = nil
    }
    return true
  }

  private mutating func revoke(_ identifier: Int) {
    guard let lease = leases[identifier]?.lease else { return }
    leases[identifier]?.isRevoked = true
    guard let index = rounds.firstIndex(where: { $0.round == lease.round }) else { return }
    for unit in lease.units where rounds[index].units[unit] == .lent(lease: identifier) {
      rounds[index].units[unit] = .pending
    }
  }

  /// Lends pending units to whoever holds least.
  private mutating func schedule(at now: Duration) -> [Action] {
    var actions: [Action] = []
    while let member = hungriestMember(), let (index, units) = nextUnits() {
      let lease = Lease(identifier: nextLease, round: rounds[index].round, units: units, member: member)
      nextLease += 1
      leases[lease.identifier] = LeaseState(lease: lease, granted: now)
      for unit in units { rounds[index].units[unit] = .lent(lease: lease.identifier) }
      actions.append(.grant(lease))
    }
    return actions
  }

  private func hungriestMember() -> Member? {
    var held: [Member: Int] = [:]
    for state in leases.values { held[state.lease.member, default: 0] += 1 }
    var best: (member: Member, held: Int)?
    for state in members {
      let count = held[state.member] ?? 0
      if count < Self.leasesPerMember, count < best?.held ?? .max { best = (state.member, count) }
    }
    return best?.member
  }

  /// The first pending units: a whole round where there are rounds enough for all members, else a fair share of one.
  private func nextUnits() -> (round: Int, units: Range<Int>)? {
    let open = rounds.indices.filter { rounds[$0].units.contains(.pending) }
    guard let index = open.first, let first = rounds[index].units.firstIndex(of: .pending) else { return nil }
    let pendingHere = rounds[index].units[first...].prefix { $0 == .pending }.count
    let share: Int
    if open.count >= members.count {
      share = pendingHere
    } else {
      share = (rounds[index].units.count + members.count - 1) / members.count
    }
    return (index, first..<first + min(pendingHere, share, rounds[index].largestLease))
  }
}

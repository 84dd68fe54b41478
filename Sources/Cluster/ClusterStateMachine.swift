internal import Hashing
package import RandomNumbers

/// Who is a member, what is lent to whom, and what is done: events in, actions out, with no sockets, clocks or threads.
///
/// Work is lent at least once and counted exactly once. Two members that compute the same units must agree bit for bit;
/// where they do not, a third one settles it, and whoever was wrong is put aside.
package struct ClusterStateMachine: Sendable {
  var members: [MemberState] = []
  /// Training runs that are not done, by their position in the plan.
  var jobs: [JobState] = []
  var rounds: [RoundState] = []
  var leases: [Int: LeaseState] = [:]
  /// Who was lent a run last, and so has its parameters.
  var trainers: [Int: Member] = [:]
  var nextLease = 1
  /// Of micro-batches, of evaluation blocks, and between two states of a lent run.
  var stepPace = Pace()
  var evaluationPace = Pace()
  var statePace = Pace()
  var lastTick: Duration = .zero
  let timing: ClusterTiming
  /// The share of portions that two members compute.
  let duplicateRate: Double
  /// What decides which portions those are.
  let duplicateKey: RandomKey

  package init(
    timing: ClusterTiming = ClusterTiming(), duplicateRate: Double = 0,
    duplicateKey: RandomKey = RandomKey(seed: 0)["duplicates"]
  ) {
    self.timing = timing
    self.duplicateRate = duplicateRate
    self.duplicateKey = duplicateKey
  }

  /// What must be done.
  package enum Action: Hashable, Sendable {
    case grant(Lease)
    /// The current step of this run is to be worked on by all: open its round.
    case share(run: Int)
    /// The member should finish the step under way and give the run back.
    case recall(Lease)
    /// What was delivered for this lease counts, now.
    case count(Lease)
    /// What was delivered for this lease does not count.
    case discard(lease: Int)
    /// All units of the round have been counted.
    case completed(Round)
    /// Members do not agree about the round; what was counted for it must be forgotten, it begins anew.
    case restart(Round)
    /// Members do not agree, and nobody is there to settle it yet.
    case disagreement(Round, units: Range<Int>, members: [Member])
    /// The member has left or was given up; its work is lent again.
    case expelled(Member, reason: String)
    /// The member computed something else than two others.
    case putAside(Member, reason: String)
    /// The member, which was to be drained, holds nothing any more.
    case drained(Member)
  }

  struct MemberState: Sendable {
    let member: Member
    var lastHeard: Duration
    var lastDelivered: Duration
    /// Its leases, oldest first.
    var held: [Int] = []
    var isDraining = false
    var isSilent = false
    var speed = MemberSpeed()
    var evaluationSpeed = MemberSpeed()
    var unitsDone = 0

    var isActive: Bool { !isDraining && !isSilent }
  }

  struct JobState: Sendable {
    let run: Int
    var step: Int
    let end: Int
    /// Micro-batches a step.
    let microBatches: Int
    var mode = Mode.idle
    /// Leases of the whole run.
    var holders: [Int] = []

    enum Mode: Sendable {
      case idle
      /// Lent, as long as there are holders.
      case lent
      /// Lent, but to be given back after the current step.
      case recalled
      /// The current step's round is open, or about to be.
      case shared
    }
  }

  struct LeaseState: Sendable {
    let lease: Lease
    let granted: Duration
  }
}

// Members come and go.
extension ClusterStateMachine {
  /// A worker said hello and was let in.
  package mutating func join(_ member: Member, at now: Duration) -> [Action] {
    guard !members.contains(where: { $0.member == member }) else { return [] }
    members.append(MemberState(member: member, lastHeard: now, lastDelivered: now))
    return schedule(at: now)
  }

  /// A member said goodbye, exited, or cannot be reached.
  package mutating func leave(_ member: Member, at now: Duration) -> [Action] {
    guard let index = members.firstIndex(where: { $0.member == member }) else { return [] }
    let held = members.remove(at: index).held
    for identifier in held { revoke(identifier) }
    return schedule(at: now)
  }

  /// The member should finish what it holds and get nothing more.
  package mutating func drain(_ member: Member, at now: Duration) -> [Action] {
    guard let index = members.firstIndex(where: { $0.member == member }), !members[index].isDraining else { return [] }
    members[index].isDraining = true
    var actions: [Action] = []
    for identifier in members[index].held {
      guard let lease = leases[identifier]?.lease, case .training = lease.work else { continue }
      actions.append(.recall(lease))
    }
    return actions + schedule(at: now)
  }

  /// Anything came from a member.
  package mutating func hear(_ member: Member, at now: Duration) {
    guard let index = members.firstIndex(where: { $0.member == member }) else { return }
    members[index].lastHeard = now
    members[index].isSilent = false
  }

  /// Time has passed: members fall silent or are given up, and what they hold is lent again.
  package mutating func tick(at now: Duration) -> [Action] {
    // Where the coordinator itself was held up, nobody could be heard.
    let held = now - lastTick
    lastTick = now
    if held > .milliseconds(500) {
      for index in members.indices { members[index].lastHeard = min(now, members[index].lastHeard + held) }
    }
    var actions: [Action] = []
    for state in members {
      let silence = now - state.lastHeard
      if silence > timing.expulsionLimit {
        actions += leave(state.member, at: now)
        actions.append(.expelled(state.member, reason: "not heard of for \(silence.components.seconds) seconds"))
      } else if silence > timing.silenceLimit, let index = members.firstIndex(where: { $0.member == state.member }) {
        members[index].isSilent = true
      }
    }
    return actions + schedule(at: now)
  }

  package var memberCount: Int { members.count }

  /// What is lent under this number; nil when it has ended.
  package func lease(_ identifier: Int) -> Lease? { leases[identifier]?.lease }

  /// Takes a lease away from nobody in particular: its member is gone, or has delivered.
  mutating func revoke(_ identifier: Int) {
    guard let lease = leases.removeValue(forKey: identifier)?.lease else { return }
    if let index = members.firstIndex(where: { $0.member == lease.member }) {
      members[index].held.removeAll { $0 == identifier }
    }
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
      if portion.holders.isEmpty, portion.opinions.isEmpty, portion.counted == nil { rounds[index].putBack(units) }
    }
  }
}

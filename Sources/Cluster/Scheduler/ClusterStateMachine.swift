package import Support

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
  /// Who should not be lent a run while there is somebody else.
  var shunned: [Int: Member] = [:]
  var nextLease = 1
  /// How many reasons there are to lend nothing yet.
  var holds = 0
  /// Of micro-batches, of evaluation blocks, and between two states of a lent run.
  var stepPace = Pace()
  var evaluationPace = Pace()
  var statePace = Pace()
  /// When something happened last.
  var lastEvent: Duration = .zero
  /// When there were two active members or more, or one came, last.
  var lastCompany: Duration?
  /// Members, rounds, portions and leases that were looked at to decide who is lent what: what scheduling costs.
  package internal(set) var effort = 0
  let timing: ClusterTiming
  /// The share of steps and of evaluated portions that two members compute.
  let duplicateRate: Double
  /// What decides which those are.
  let duplicateKey: RandomKey
  let flaw: ClusterFlaw?

  /// - Parameter flaw: a rule to be broken on purpose, so that a test can show that it finds out.
  package init(
    timing: ClusterTiming = ClusterTiming(), duplicateRate: Double = 0,
    duplicateKey: RandomKey = RandomKey(seed: 0)["duplicates"], flaw: ClusterFlaw? = nil
  ) {
    self.timing = timing
    self.duplicateRate = duplicateRate
    self.duplicateKey = duplicateKey
    self.flaw = flaw
  }

  /// What must be done.
  package enum Action: Hashable, Sendable {
    case grant(Lease)
    /// The member may never have got the lease, or its delivery was lost: send it again, with all that it needs. A
    /// member that has it takes no notice.
    case remind(Lease)
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
    case putAside(Member, Round, units: Range<Int>)
    /// The member, which was to be drained, holds nothing any more.
    case drained(Member)
  }

  struct MemberState: Sendable {
    let member: Member
    var lastHeard: Duration
    var lastDelivered: Duration
    /// Its leases, oldest first.
    var held: [Int] = []
    /// Whether it holds a whole run, and so nothing else.
    var trains = false
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
    /// Jobs of one number are lent together, to one member; alone they would cost it as much.
    let pack: Int?
    var mode = Mode.idle
    /// Leases of the whole run that count.
    var holders: [Int] = []

    var isLent: Bool { mode == .lent || mode == .recalled }

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
    private(set) var granted: Duration
    /// Of a whole run: its member was asked to give it back.
    var isRecalled = false
    /// When its member was reminded of it last, and how often.
    var reminded: Duration?
    var reminders = 0

    init(lease: Lease, granted: Duration) {
      self.lease = lease
      self.granted = granted
    }

    /// Time that does not count has passed.
    mutating func move(by time: Duration, to now: Duration) {
      granted = min(now, granted + time)
      reminded = reminded.map { min(now, $0 + time) }
    }
  }
}

/// Rules that a test breaks on purpose.
package enum ClusterFlaw: String, Sendable, CaseIterable {
  /// What a member held that has gone is not lent again.
  case leaseNotReleased
  /// Whatever is delivered counts, also a second time.
  case countsDuplicates
  /// Nobody waits for a second opinion.
  case believesTheFirst
  /// A member that is to be drained goes on being lent work.
  case lendsToDrained
  /// What takes too long is not lent a second time, and nobody is reminded.
  case waitsForever
  /// What is of a time before a run went back to an earlier state still counts as the newest.
  case keepsGeneration
}

// Members come and go.
extension ClusterStateMachine {
  /// A worker said hello and was let in.
  package mutating func join(_ member: Member, at now: Duration) -> [Action] {
    guard position(of: member) == nil else { return [] }
    members.append(MemberState(member: member, lastHeard: now, lastDelivered: now))
    lastCompany = now
    return schedule(at: now)
  }

  /// A member said goodbye, exited, or cannot be reached.
  package mutating func leave(_ member: Member, at now: Duration) -> [Action] {
    guard let discarded = remove(member) else { return [] }
    return discarded + schedule(at: now)
  }

  /// The member should finish what it holds and get nothing more.
  package mutating func drain(_ member: Member, at now: Duration) -> [Action] {
    guard let index = position(of: member), !members[index].isDraining else { return [] }
    members[index].isDraining = true
    let recalls = members[index].trains ? members[index].held.compactMap { recall($0) } : []
    return recalls + schedule(at: now)
  }

  /// Anything came from a member.
  package mutating func hear(_ member: Member, at now: Duration) {
    noteTime(now)
    guard let index = position(of: member) else { return }
    members[index].lastHeard = now
    members[index].isSilent = false
  }

  /// Where the coordinator itself was held up, nobody could be heard and nobody could come: that time does not count.
  mutating func noteTime(_ now: Duration) {
    let held = now - lastEvent
    lastEvent = now
    guard held > .milliseconds(500) else { return }
    for index in members.indices {
      members[index].lastHeard = min(now, members[index].lastHeard + held)
      members[index].lastDelivered = min(now, members[index].lastDelivered + held)
    }
    // A dictionary's keys change nothing here: every lease is moved alike.
    for identifier in leases.keys { leases[identifier]?.move(by: held, to: now) }
    lastCompany = lastCompany.map { min(now, $0 + held) }
  }

  /// Time has passed: members fall silent or are given up, and what they hold is lent again. To be called several times
  /// a second.
  package mutating func tick(at now: Duration) -> [Action] {
    noteTime(now)
    var actions: [Action] = []
    for index in members.indices where now - members[index].lastHeard > timing.silenceLimit {
      members[index].isSilent = true
    }
    for state in members where now - state.lastHeard > timing.expulsionLimit {
      actions += remove(state.member) ?? []
      let seconds = (now - state.lastHeard).components.seconds
      actions.append(.expelled(state.member, reason: "not heard of for \(seconds) seconds"))
    }
    actions += remind(at: now)
    return actions + schedule(at: now)
  }

  /// Lends nothing until `release`: several things change at once, and only then it can be seen what is best.
  package mutating func hold() { holds += 1 }

  /// Ends a `hold`; `reconsider` lends.
  package mutating func release() { holds -= 1 }

  package var memberCount: Int { members.count }

  /// Runs that are not trained to their end.
  package var trainingCount: Int { jobs.count }

  /// What is lent under this number; nil when it has ended.
  package func lease(_ identifier: Int) -> Lease? { leases[identifier]?.lease }

  func position(of member: Member) -> Int? { members.firstIndex { $0.member == member } }

  /// Leases or deliveries may be lost on their way: what has been out for long is sent again.
  private mutating func remind(at now: Duration) -> [Action] {
    guard flaw != .waitsForever else { return [] }
    var actions: [Action] = []
    for member in members where !member.isSilent {
      guard let identifier = member.held.first, let state = leases[identifier] else { continue }
      effort += 1
      // Ever more seldom, for what it needs may be large.
      let patience =
        max(4 * (timing.shortestLease / .seconds(1)), patience(with: state, of: member)) * Double(1 << state.reminders)
      let since = max(state.granted, max(member.lastDelivered, state.reminded ?? .zero))
      guard (now - since) / .seconds(1) > patience else { continue }
      if state.lease.round == nil, !jobs.contains(where: { $0.holders.contains(identifier) }) {
        // Nobody needs it: if the member trains yet, it will hear so in the end.
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

  /// Asks for a lent run back.
  mutating func recall(_ identifier: Int) -> Action? {
    guard let state = leases[identifier], case .training = state.lease.work else { return nil }
    leases[identifier]?.isRecalled = true
    return .recall(state.lease)
  }

  /// Takes a member and its leases out; nil where it is none.
  mutating func remove(_ member: Member) -> [Action]? {
    guard let index = position(of: member) else { return nil }
    let held = members.remove(at: index).held
    if flaw != .leaseNotReleased {
      for identifier in held { revoke(identifier) }
    }
    return forgetOpinions(of: member)
  }

  /// Takes a lease away from nobody in particular: its member is gone, or has delivered.
  mutating func revoke(_ identifier: Int) {
    guard let lease = leases.removeValue(forKey: identifier)?.lease else { return }
    letGo(identifier, by: lease.member)
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

  /// The member holds the lease no more.
  mutating func letGo(_ identifier: Int, by member: Member) {
    guard let index = position(of: member) else { return }
    members[index].held.removeAll { $0 == identifier }
    if members[index].held.isEmpty { members[index].trains = false }
  }
}

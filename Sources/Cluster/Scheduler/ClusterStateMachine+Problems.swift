// What must hold between any two events.
extension ClusterStateMachine {
  /// Contradictions between members, leases, rounds and jobs; none unless there is a mistake in the state machine.
  package func problems() -> [String] { memberProblems() + leaseProblems() + roundProblems() + jobProblems() }

  private func memberProblems() -> [String] {
    var problems: [String] = []
    if Set(members.map(\.member)).count < members.count { problems.append("a member is there twice") }
    for state in members {
      if !state.trains, state.held.count > Self.leasesPerMember {
        problems.append("\(state.member) holds \(state.held.count) leases")
      }
      if state.held.contains(where: { leases[$0]?.lease.member != state.member }) {
        problems.append("\(state.member) holds a lease that is not its own")
      }
      if state.isDraining, state.held.isEmpty { problems.append("\(state.member) is drained, but still a member") }
      let trains = state.held.contains { leases[$0]?.lease.round == nil }
      let whole = state.held.compactMap { leases[$0]?.lease }.filter { $0.round == nil }
      if trains != state.trains || (trains && whole.count < state.held.count) {
        problems.append("\(state.member) has other leases beside a whole run")
      }
      let lent = whole.compactMap { lease in jobs.first { $0.run == lease.run } }
      if lent.count > 1, lent.contains(where: { $0.pack == nil || $0.pack != lent[0].pack }) {
        problems.append("\(state.member) holds runs that do not belong together")
      }
    }
    return problems
  }

  private func leaseProblems() -> [String] {
    var problems: [String] = []
    let held = members.reduce(0) { $0 + $1.held.count }
    if held != leases.count { problems.append("\(leases.count) leases are out, \(held) are held") }
    for (identifier, state) in leases {
      switch state.lease.work {
      case .training:
        let counts = jobs.contains { $0.holders.contains(identifier) }
        if !counts, !state.isRecalled { problems.append("lease \(identifier) trains for nothing, and is not recalled") }
      case .units(let round, let units):
        let portion = rounds.first { $0.round == round }?.portions[units.lowerBound]
        if portion?.units != units || portion?.holders.contains(identifier) != true {
          problems.append("lease \(identifier) is of a portion that does not know it")
        }
      }
    }
    return problems
  }

  private func roundProblems() -> [String] {
    var problems: [String] = []
    for state in rounds {
      let ranges = (state.pending + state.portions.values.map(\.units)).sorted { $0.lowerBound < $1.lowerBound }
      var end = 0
      for range in ranges {
        if range.lowerBound != end || range.isEmpty {
          problems.append("units \(range) of \(state.round) overlap or gap")
        }
        end = range.upperBound
      }
      if end != state.total { problems.append("\(state.round) ends at unit \(end) of \(state.total)") }
      for portion in state.portions.values {
        if portion.holders.contains(where: { leases[$0] == nil }) {
          problems.append("units \(portion.units) of \(state.round) are held by a lease that has ended")
        }
        if portion.counted == nil, portion.holders.isEmpty, portion.opinions.isEmpty {
          problems.append("units \(portion.units) of \(state.round) are lost")
        }
      }
      if state.isComplete { problems.append("\(state.round) is complete, but still open") }
    }
    return problems
  }

  private func jobProblems() -> [String] {
    var problems: [String] = []
    for job in jobs {
      if job.holders.contains(where: { leases[$0] == nil }) {
        problems.append("run \(job.run) is held by an ended lease")
      }
      let round = rounds.first { $0.round.run == job.run && $0.round.isStep }?.round
      let isConsistent =
        switch job.mode {
        case .idle: job.holders.isEmpty && round == nil
        case .lent, .recalled: !job.holders.isEmpty && round == nil
        case .shared: job.holders.isEmpty && round == Round(run: job.run, kind: .step(job.step))
        }
      if !isConsistent {
        problems.append("run \(job.run) is \(job.mode), held by \(job.holders), its round is \(round as Any)")
      }
    }
    for state in rounds where state.round.isStep && !jobs.contains(where: { $0.run == state.round.run }) {
      problems.append("\(state.round) is open, but its run is not")
    }
    return problems
  }

  /// Leases whose delivery waits for others to agree with it.
  package var waitingLeases: Set<Int> {
    Set(rounds.filter(\.comparesOpinions).flatMap { $0.waitingOpinions.map(\.lease) })
  }

  /// Rounds that are held because members do not agree about them.
  package var disputes: Int {
    rounds.count { round in round.isDisputed || round.portions.values.contains { $0.isDisputed && $0.counted == nil } }
  }
}

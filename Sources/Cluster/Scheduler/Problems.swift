internal import Optimization

// Invariants, which must hold between any two events.

extension ClusterStateMachine {
  /// Contradictions between workers, leases, rounds and jobs; none unless there is a mistake in the state machine.
  package func problems() -> [String] { workerProblems() + leaseProblems() + roundProblems() + jobProblems() }

  private func workerProblems() -> [String] {
    var problems: [String] = []
    if Set(workers.map(\.worker)).count < workers.count { problems.append("a worker occurs twice") }
    for state in workers {
      if !state.trains, state.held.count > Self.leasesPerWorker {
        problems.append("\(state.worker) holds \(state.held.count) leases")
      }
      if state.held.contains(where: { leases[$0]?.lease.worker != state.worker }) {
        problems.append("\(state.worker) holds a lease that is not its own")
      }
      if state.isDraining, state.held.isEmpty { problems.append("\(state.worker) is drained, but still a worker") }
      let trains = state.held.contains { leases[$0]?.lease.round == nil }
      let whole = state.held.compactMap { leases[$0]?.lease }.filter { $0.round == nil }
      if trains != state.trains || (trains && whole.count < state.held.count) {
        problems.append("\(state.worker) has other leases in addition to an exclusive run")
      }
      let assigned = whole.compactMap { lease in jobs.first { $0.run == lease.run } }
      if assigned.count > 1, assigned.contains(where: { $0.pack == nil || $0.pack != assigned[0].pack }) {
        problems.append("\(state.worker) holds runs that do not belong together")
      }
    }
    return problems
  }

  private func leaseProblems() -> [String] {
    var problems: [String] = []
    let held = workers.reduce(0) { $0 + $1.held.count }
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
        if portion.counted == nil, portion.holders.isEmpty, portion.replicas.isEmpty {
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
        case .assigned, .recalled: !job.holders.isEmpty && round == nil
        // Its round may be closed while the parameters are updated.
        case .shared: job.holders.isEmpty && (round == nil || round == Round(run: job.run, kind: .step(job.step)))
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

  /// Leases whose delivery waits for a replica that agrees with it.
  package var waitingLeases: Set<Int> {
    Set(rounds.filter(\.comparesReplicas).flatMap { $0.waitingReplicas.map(\.lease) })
  }

  /// Rounds that are held because workers disagree about them.
  package var disputes: Int {
    rounds.count { round in round.isDisputed || round.portions.values.contains { $0.isDisputed && $0.counted == nil } }
  }
}

extension AuditStateMachine {
  /// Rounds that are held because workers disagree about them.
  package var disputes: Int { cluster.disputes }

  /// Contradictions between the cluster and the runs; none unless there is a mistake in a state machine.
  package func problems() -> [String] {
    var problems = cluster.problems()
    if Set(waiting.keys) != cluster.waitingLeases {
      problems.append("deliveries of leases \(waiting.keys.sorted()) wait, \(cluster.waitingLeases.sorted()) should")
    }
    for (index, run) in open {
      let isTraining = cluster.jobs.contains { $0.run == index }
      let rounds = cluster.rounds.filter { $0.round.run == index }
      if !run.isPending, isTraining == rounds.contains(where: { !$0.round.isStep }) {
        problems.append("run \(index) is not worked on")
      }
      let isShared = cluster.jobs.contains { $0.run == index && $0.mode == .shared }
      if isShared, rounds.isEmpty != run.isPending {
        problems.append("run \(index) is shared with \(rounds.count) rounds, but waits for \(run.stage)")
      }
      if isTraining, cluster.jobs.contains(where: { $0.run == index && $0.step != run.training.step }) {
        problems.append("run \(index) is at step \(run.training.step), but the scheduler disagrees")
      }
      for round in rounds {
        let counted = round.portions.values.filter { $0.counted != nil }.map(\.units.lowerBound).sorted()
        let applied =
          round.round.isStep
          ? run.deliveries.map(\.units.lowerBound).sorted()
          : counted.filter { run.blocks.indices.contains($0) && run.blocks[$0] != nil }
        if counted != applied { problems.append("\(round.round): units at \(applied) of \(counted) are applied") }
      }
    }
    for run in cluster.jobs.map(\.run) + cluster.rounds.map(\.round.run) where open[run] == nil {
      problems.append("run \(run) is worked on, but not open")
    }
    return problems
  }
}

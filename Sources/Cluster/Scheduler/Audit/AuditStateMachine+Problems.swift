internal import Optimization

// What must hold between any two events.
extension AuditStateMachine {
  /// Contradictions between the cluster and the runs; none unless there is a mistake in a state machine.
  package func problems() -> [String] {
    var problems = cluster.problems()
    if Set(waiting.keys) != cluster.waitingLeases {
      problems.append("deliveries of leases \(waiting.keys.sorted()) wait, \(cluster.waitingLeases.sorted()) should")
    }
    for (index, run) in open {
      let isTraining = cluster.jobs.contains { $0.run == index }
      let rounds = cluster.rounds.filter { $0.round.run == index }
      if !run.isLost, isTraining == rounds.contains(where: { !$0.round.isStep }) {
        problems.append("run \(index) is not worked on")
      }
      if isTraining, cluster.jobs.contains(where: { $0.run == index && $0.step != run.training.step }) {
        problems.append("run \(index) stands before step \(run.training.step), the cluster thinks otherwise")
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

internal import Optimization
internal import Planning

// What a person may want to know of a cluster that runs.

/// How a member is doing.
package struct MemberSummary: Sendable, Equatable {
  package let member: Member
  package let isDraining: Bool
  package let isSilent: Bool
  package let leases: [Lease]
  /// Micro-batches a second, else blocks a second; nil before one was done.
  package let rate: Double?
  package let unitsDone: Int
}

/// How a run is doing.
package struct RunSummary: Sendable, Equatable {
  package let run: Int
  package let state: State
  package let step: Int

  package enum State: String, Sendable {
    case waiting
    case idle
    case shared
    case lent
    case evaluated
    case done
  }
}

extension ClusterStateMachine {
  /// All members, in the order of joining.
  package var summary: [MemberSummary] {
    members.map { state in
      MemberSummary(
        member: state.member, isDraining: state.isDraining, isSilent: state.isSilent,
        leases: state.held.compactMap { leases[$0]?.lease }, rate: state.speed.rate ?? state.evaluationSpeed.rate,
        unitsDone: state.unitsDone)
    }
  }
}

extension AuditStateMachine {
  /// Whether an earlier sitting has left a state of the run that was not gone on from yet.
  package func hasState(ofRun run: Int) -> Bool { recovered[run] != nil }

  /// All runs, in the plan's order.
  package var summary: [RunSummary] {
    work.runs.indices.map { run in
      if completed[run] != nil || trained[run] != nil && open[run] == nil {
        return RunSummary(run: run, state: .done, step: work.runs[run].schedule.steps)
      }
      guard let open = open[run] else { return RunSummary(run: run, state: .waiting, step: recovered[run]?.step ?? 0) }
      let state: RunSummary.State
      if !open.blocks.isEmpty {
        state = .evaluated
      } else {
        state =
          switch cluster.jobs.first(where: { $0.run == run })?.mode {
          case .shared?: .shared
          case .lent?, .recalled?: .lent
          case .idle?, nil: .idle
          }
      }
      return RunSummary(run: run, state: state, step: open.training.step)
    }
  }
}

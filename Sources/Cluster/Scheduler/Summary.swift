internal import Optimization
internal import Planning

// The status of a running cluster.

/// The status of a worker.
package struct WorkerSummary: Sendable, Equatable {
  package let worker: WorkerIdentifier
  package let isDraining: Bool
  package let isSilent: Bool
  package let leases: [Lease]
  /// Micro-batches a second, or blocks a second before it has computed micro-batches; nil before it has delivered.
  package let rate: Double?
  package let unitsDone: Int
}

/// The status of a run.
package struct RunSummary: Sendable, Equatable {
  package let run: Int
  package let state: State
  package let step: Int

  package enum State: String, Sendable {
    case waiting
    case idle
    case shared
    case assigned
    case evaluated
    case done
  }
}

extension ClusterStateMachine {
  /// All workers, in the order in which they joined.
  package var summary: [WorkerSummary] {
    workers.map { state in
      WorkerSummary(
        worker: state.worker, isDraining: state.isDraining, isSilent: state.isSilent,
        leases: state.held.compactMap { lease($0) }, rate: state.speed.rate ?? state.evaluationSpeed.rate,
        unitsDone: state.unitsDone)
    }
  }
}

extension AuditStateMachine {
  /// All workers, in the order in which they joined.
  package var workers: [WorkerSummary] { cluster.summary }

  /// All runs, in the plan's order.
  package var summary: [RunSummary] {
    runs.indices.map { run in
      if completed[run] != nil || isTrained(run) && open[run] == nil {
        return RunSummary(run: run, state: .done, step: runs[run].schedule.steps)
      }
      guard let open = open[run] else { return RunSummary(run: run, state: .waiting, step: recovered[run]?.step ?? 0) }
      let state: RunSummary.State
      if !open.blocks.isEmpty {
        state = .evaluated
      } else {
        state =
          switch cluster.jobs.first(where: { $0.run == run })?.mode {
          case .shared?: .shared
          case .assigned?, .recalled?: .assigned
          case .idle?, nil: .idle
          }
      }
      return RunSummary(run: run, state: state, step: open.training.step)
    }
  }
}

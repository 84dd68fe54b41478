package import Plan

/// A part of the audit whose cost is measured by itself.
package struct Phase: Sendable, Equatable {
  /// The position of the arm in the specification.
  package let arm: Int
  package let kind: Kind
  /// Positions in the plan's runs.
  package let runs: [Int]

  package init(arm: Int, kind: Kind, runs: [Int]) {
    self.arm = arm
    self.kind = kind
    self.runs = runs
  }

  package enum Kind: String, Sendable, CaseIterable {
    /// Trains and scores the candidates for an arm's settings.
    case search
    case training
    case evaluation
    /// Trains and scores the shadow models.
    case fleet
  }

  /// The phases of some runs, in the order in which they are worked on: one after another, so that the wall-clock of each
  /// can be told.
  package static func all(of runs: [PlannedRun], arms: Int) -> [Phase] {
    (0..<arms).flatMap { arm -> [Phase] in
      var (search, task, fleet, given): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
      for (index, run) in runs.enumerated() where run.arm == arm {
        switch run.purpose {
        case .search: search.append(index)
        case .task: task.append(index)
        case .fleet: fleet.append(index)
        case .given: given.append(index)
        }
      }
      let phases = [
        Phase(arm: arm, kind: .search, runs: search), Phase(arm: arm, kind: .training, runs: task),
        Phase(arm: arm, kind: .evaluation, runs: task + given),
        Phase(arm: arm, kind: .fleet, runs: fleet),
      ]
      return phases.filter { !$0.runs.isEmpty }
    }
  }
}

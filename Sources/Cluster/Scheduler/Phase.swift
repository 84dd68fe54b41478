package import Planning

/// A part of the audit whose cost is measured separately.
package struct Phase: Sendable, Equatable {
  /// The position of the arm in the specification.
  package let arm: Int
  package let kind: Kind
  /// Positions in the plan's runs.
  package let runs: [Int]
  /// Of a fleet, which of its looks follows, from 0.
  package let look: Int

  package init(arm: Int, kind: Kind, runs: [Int], look: Int = 0) {
    self.arm = arm
    self.kind = kind
    self.runs = runs
    self.look = look
  }

  /// Whether the runs before it may have been enough.
  var isConditional: Bool { kind == .fleet && look > 0 }

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
  ///
  /// - Parameter looks: the sizes, ascending, up to which an arm's fleet is trained before it is looked at.
  package static func all(
    of runs: [PlannedRun], arms: Int, looks: (_ arm: Int) -> [Int] = { _ in [] }
  ) -> [Phase] {
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
      ]
      let ends = looks(arm).filter { $0 < fleet.count } + [fleet.count]
      let parts = zip([0] + ends, ends).enumerated().map { look, part in
        Phase(arm: arm, kind: .fleet, runs: Array(fleet[part.0..<part.1]), look: look)
      }
      return (phases + parts).filter { !$0.runs.isEmpty }
    }
  }
}

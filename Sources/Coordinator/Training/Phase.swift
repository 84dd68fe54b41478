internal import Plan

/// A part of the audit whose cost is measured by itself.
struct Phase: Sendable {
  let arm: Int
  let kind: Kind
  /// Positions in the plan's runs.
  let runs: [Int]

  enum Kind: String, Sendable, CaseIterable {
    case training
    case evaluation
    /// Trains and scores the shadow models.
    case fleet
  }

  /// The phases of a plan, in the order in which they are worked on: one after another, so that the wall-clock of each
  /// can be told.
  static func all(of plan: Plan) -> [Phase] {
    plan.specification.arms.indices.flatMap { arm -> [Phase] in
      var (task, fleet, given): ([Int], [Int], [Int]) = ([], [], [])
      for (index, run) in plan.runs.enumerated() where run.arm == arm {
        switch run.purpose {
        case .task: task.append(index)
        case .fleet: fleet.append(index)
        case .given: given.append(index)
        }
      }
      let phases = [
        Phase(arm: arm, kind: .training, runs: task), Phase(arm: arm, kind: .evaluation, runs: task + given),
        Phase(arm: arm, kind: .fleet, runs: fleet),
      ]
      return phases.filter { !$0.runs.isEmpty }
    }
  }
}

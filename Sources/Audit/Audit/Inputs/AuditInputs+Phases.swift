internal import Planning
internal import Scheduler
internal import Specification

// What of the plan is worked on, and when.
extension AuditInputs {
  /// Whether a phase is worked on, given the runs that are done: of a fleet, whether the models before it were not enough.
  func isNeeded(_ phase: Phase, completed: [Int: FinishedRun]) throws -> Bool {
    guard phase.kind == .shadowModels, phase.analysis > 0,
      let stop = try FleetStop(AuditEvidence(inputs: self, completed: completed), arm: phase.arm)
    else { return true }
    return try stop.goesOn(behind: phase.analysis - 1)
  }

  /// The phases of the audit in the order in which they are worked on.
  var phases: [Phase] {
    Phase.all(of: plan.runs, arms: specification.arms.count) { arm in
      specification.privacy?.shadowModels.analyses(of: specification.arms[arm]) ?? []
    }
  }

  /// Whether nothing is left to be computed.
  func isDone(_ completed: [Int: FinishedRun]) throws -> Bool {
    try !phases.contains { phase in
      try phase.runs.contains { completed[$0] == nil } && isNeeded(phase, completed: completed)
    }
  }
}

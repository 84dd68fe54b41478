internal import MembershipInference
internal import Metrics
internal import Planning
internal import Report
internal import Scheduler
internal import Specification
internal import Support

/// Whether the first models of an arm's fleet are enough: a function of the plan and of what these models came to, so that
/// every sitting, with whatever workers, ends a fleet at the same look.
struct FleetStop {
  private let evidence: AuditEvidence
  private let arm: Int
  private let early: EarlyStoppingSettings
  private let plan: InterimAnalysisPlan

  /// nil where the specification asks for no early answer.
  init?(_ evidence: AuditEvidence, arm: Int) throws {
    guard let privacy = evidence.inputs.specification.privacy, let early = privacy.earlyStopping else { return nil }
    self.evidence = evidence
    self.arm = arm
    self.early = early
    plan = try InterimAnalysisPlan(
      models: privacy.shadowModels.analyses(of: evidence.arms[arm]), alpha: early.alpha, spending: early.spending)
  }

  /// How far the fleet was trained.
  ///
  /// - Throws: where the predictions of a model up to the look at which it ends are missing.
  func outcome() throws -> InterimAnalysisOutcome? {
    for number in plan.analyses.indices {
      guard case .stop(let reason) = try decision(at: number) else { continue }
      return look(at: number, reason: reason)
    }
    return nil
  }

  /// Whether models behind this look are trained; so too while it cannot be told.
  func goesOn(behind look: Int) throws -> Bool {
    for number in plan.analyses.indices.prefix(look + 1) {
      let runs = evidence.fleetRuns(ofArm: arm, models: plan.analyses[number].models)
      // That a model behind the look is done says that the fleet went on there.
      let next = evidence.fleetRuns(ofArm: arm, models: runs.count + 1).last
      if let next, next != runs.last, evidence.completed[next] != nil { continue }
      guard runs.allSatisfy({ evidence.completed[$0] != nil }) else { return true }
      if case .stop = try decision(at: number) { return false }
    }
    return true
  }

  private func look(at number: Int, reason: InterimAnalysisDecision.Reason) -> InterimAnalysisOutcome {
    InterimAnalysisOutcome(
      arm: evidence.arms[arm].name, planned: plan.analyses.last?.models ?? 0, trained: plan.analyses[number].models,
      sizes: plan.analyses.map(\.models), confidence: plan.analyses[number].confidence, reason: reason)
  }

  /// What follows from the look, judged on the arm's first attack.
  private func decision(at number: Int) throws -> InterimAnalysisDecision {
    // The whole fleet ends whatever it shows.
    guard number < plan.analyses.count - 1 else { return .stop(.allModelsTrained) }
    let look = plan.analyses[number]
    var fleet = try evidence.fleet(ofArm: arm, models: look.models)
    let minimum = evidence.inputs.specification.decision.minimumGroup
    fleet.groups = early.includesGroups ? fleet.groups.filter { $0.members.count >= minimum } : []
    fleet.itemNames = []
    let attacks = evidence.inputs.specification.privacy?.attacks(of: fleet.arm) ?? Attack.standard
    let found = try PrivacyEvaluation.evaluate(
      shadowModels: fleet, attacks: Array(attacks.prefix(1)), confidence: look.confidence,
      key: evidence.plan.statisticsKey[.privacy])
    var worst: InterimAnalysisDecision = .goOn(because: "no attack was run")
    for measures in found.attacks.flatMap({ [$0.overall] + $0.groups }) {
      worst = plan.decide(at: number, estimate: measures.areaUnderCurve, goal: early.goal)
      // All of them must come to the goal.
      if case .goOn = worst { return worst }
    }
    guard case .stop = worst, let overall = found.attacks.first?.overall else { return worst }
    return plan.decide(at: number, estimate: overall.areaUnderCurve, goal: early.goal)
  }
}

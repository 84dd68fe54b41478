internal import Datasets
internal import MembershipInference
internal import Metrics
internal import Planning
internal import Report
internal import Scheduler
internal import Specification
internal import Support

// Shadow models: how many were needed, and the findings of attacks.
extension AuditEvidence {
  private var privacy: PrivacySettings? { inputs.specification.privacy }

  /// The attacks on every arm, on the same resamples, so that arms can be compared; the margin is the decision's, in
  /// points of the area under the curve.
  ///
  /// If interim analyses ended arms at different numbers of models, arms are compared on the models that all of them
  /// have, with the confidence of that analysis.
  func privacyStudy(_ looks: [InterimAnalysisOutcome]) throws -> PrivacyStudy {
    let studied = try trainedArms.map { arm in
      let trained = looks.first { $0.arm == arms[arm].name }?.trained
      return try shadowModels(ofArm: arm, models: trained ?? privacy?.shadowModels.models(of: arms[arm]) ?? 0)
    }
    let pairs = comparisons().filter { pair in
      studied.contains { $0.arm == pair.arm } && studied.contains { $0.arm == pair.reference }
    }
    let compared = studied.filter { shadowModels in
      pairs.contains { [$0.arm, $0.reference].contains(shadowModels.arm) }
    }
    let rule = self.rule(for: compared.isEmpty ? studied : compared)
    func attacks(_ arm: String) -> [Attack] { privacy?.attacks(of: arm) ?? Attack.standard }
    func confidence(_ arm: String) -> Double? { looks.first { $0.arm == arm }?.confidence }
    let key = plan.statisticsKey[.privacy]
    let judged = pairs.filter { pair in [pair.arm, pair.reference].allSatisfy { attacks($0).contains(rule.attack) } }
    let common = compared.map(\.masks.count).min() ?? 0
    // A released model is among its shadow models.
    let shadows = plan.membership?.released == nil ? common : common - 1
    let commonConfidence = looks.first { $0.trained == shadows }?.confidence ?? Self.confidence
    guard compared.contains(where: { $0.masks.count != common }) else {
      return try PrivacyStudy.evaluate(
        shadowModelsByArm: studied, attacks: attacks, comparisons: judged, rule: rule, confidence: commonConfidence,
        confidences: confidence, key: key)
    }
    var study = try PrivacyStudy.evaluate(
      shadowModelsByArm: studied, attacks: attacks, confidences: confidence, key: key)
    let cut = compared.filter { attacks($0.arm).contains(rule.attack) }.map { $0.prefix(models: common) }
    let comparisons = try PrivacyStudy.evaluate(
      shadowModelsByArm: cut, attacks: attacks, comparisons: judged, rule: rule, confidence: commonConfidence,
      key: key)
    (study.rule, study.comparisons, study.familySize) = (
      comparisons.rule, comparisons.comparisons, comparisons.familySize
    )
    return study
  }

  /// The confidence of every interval without interim analyses.
  private static let confidence = 0.95

  /// The rule names an attack that is run against every arm: the likelihood ratio, otherwise the first attack that all
  /// arms share.
  private func rule(for studied: [ShadowModels]) -> PrivacyRule {
    let decision = inputs.specification.decision
    var rule = PrivacyRule(
      margin: decision.margin, minimumGroupSize: decision.minimumGroup, minimumClusters: decision.minimumClusters)
    let shared =
      studied.map { Set(privacy?.attacks(of: $0.arm) ?? []) }
      .reduce(nil) { (common: Set<Attack>?, own) in common?.intersection(own) ?? own } ?? []
    if !shared.contains(rule.attack), let first = privacy?.attacks.first(where: shared.contains) { rule.attack = first }
    return rule
  }

  /// How many of each arm's shadow models were trained and why; empty without interim analyses.
  func interimAnalyses() throws -> [InterimAnalysisOutcome] {
    guard privacy?.earlyStopping != nil else { return [] }
    return try trainedArms.compactMap { try EarlyStopping(self, arm: $0)?.outcome() }
  }

  private var trainedArms: [Int] { privacy == nil ? [] : arms.indices.filter { arms[$0].isTrained } }

  /// The positions in the plan of an arm's first shadow models.
  func shadowModelRuns(ofArm arm: Int, models: Int) -> [Int] {
    let runs = plan.runs.indices.filter { index in
      if plan.runs[index].arm == arm, case .shadowModel = plan.runs[index].purpose { true } else { false }
    }
    return Array(runs.prefix(models))
  }

  /// The scores of the pool's items, which follow other items among those that a model is evaluated on: logits, or for
  /// sequences the mean log-likelihood of a target token.
  ///
  /// - Parameters:
  ///   - runs: each with the positions of the pool among the items that its model was evaluated on.
  ///   - epoch: the epoch after which they were evaluated, from 0; nil for the last.
  private func scores(
    of runs: [(index: Int, positions: Range<Int>)], pool: [Int], epoch: Int? = nil
  ) throws -> ShadowModelScores {
    guard !inputs.specification.task.isClassification else {
      return .logits(
        try runs.map { run in
          try (0..<(privacy?.shadowModels.queries ?? 1)).map {
            try logits(of: run.index, at: run.positions, query: $0, epoch: epoch)
          }
        })
    }
    let scores = try runs.map { run in
      zip(try logLikelihoods(of: run.index, run.positions, epoch: epoch), pool).map { sum, item in
        min(0, sum / Double(max(1, targetCount(of: item))))
      }
    }
    return .direct(scores.map { [$0] }, .logLikelihood)
  }

  /// The losses after every epoch, `[model][epoch][item]`; nil if the models were evaluated after the last one only.
  private func lossTraces(
    of runs: [(index: Int, positions: Range<Int>)], pool: [Int], labels: [Int]
  ) throws -> [[[Double]]]? {
    guard let first = runs.first.map({ plan.runs[$0.index] }), first.schedule.earlierEvaluations == .everyEpoch
    else { return nil }
    let epochs = try (0..<first.schedule.epochs).map {
      try scores(of: runs, pool: pool, epoch: $0).losses(labels: labels)
    }
    return runs.indices.map { model in epochs.map { $0[model] } }
  }

  /// The run whose model is released.
  private func releasedRun(ofArm arm: Int) throws -> Int {
    let run = plan.runs.firstIndex { run in
      if run.arm == arm, case .task(inputs.specification.seeds.first) = run.purpose { true } else { false }
    }
    guard let run else { throw AuditError(.failure, "\(arms[arm].name) has no run whose model could be attacked") }
    return run
  }

  /// The first shadow models of an arm, with their scores of every item of the pool.
  func shadowModels(ofArm arm: Int, models: Int) throws -> ShadowModels {
    let pool = plan.membership?.pool ?? []
    let units = plan.units.unitOfItem
    var masks = plan.membership?.masks ?? []
    var runs = shadowModelRuns(ofArm: arm, models: models).map { (index: $0, positions: pool.indices) }
    var design = ShadowModelDesign.symmetric
    if let released = plan.membership?.released {
      masks.insert(released, at: 0)
      runs.insert((try releasedRun(ofArm: arm), plan.poolPositions), at: 0)
      design = .released(target: 0)
    }
    let labels = inputs.specification.task.isClassification ? pool.map { plan.input.labels[$0] } : []
    return ShadowModels(
      arm: arms[arm].name, design: design, masks: Array(masks.prefix(runs.count)),
      scores: try scores(of: runs, pool: pool),
      lossTraces: try lossTraces(of: runs, pool: pool, labels: labels), labels: labels,
      clusters: pool.map { units[$0] },
      groups: groups(among: pool).filter { !$0.items.isEmpty },
      itemNames: pool.map { inputs.manifest.items[$0].name })
  }
}

/// Whether an arm's first shadow models are enough: a function of the plan and of these models' predictions, so that
/// every session, with any workers, ends at the same interim analysis.
struct EarlyStopping {
  private let evidence: AuditEvidence
  private let arm: Int
  private let early: EarlyStoppingSettings
  private let plan: InterimAnalysisPlan

  /// nil without early stopping.
  init?(_ evidence: AuditEvidence, arm: Int) throws {
    guard let privacy = evidence.inputs.specification.privacy, let early = privacy.earlyStopping else { return nil }
    self.evidence = evidence
    self.arm = arm
    self.early = early
    plan = try InterimAnalysisPlan(
      models: privacy.shadowModels.analyses(of: evidence.arms[arm]), alpha: early.alpha, spending: early.spending)
  }

  /// How many models were trained, and why no more.
  ///
  /// - Throws: if the predictions of a model before the analysis that ends it are missing.
  func outcome() throws -> InterimAnalysisOutcome? {
    for number in plan.analyses.indices {
      guard case .stop(let reason) = try decision(at: number) else { continue }
      return look(at: number, reason: reason)
    }
    return nil
  }

  /// Whether models after this analysis are trained; true too while that is not known yet.
  func continues(after analysis: Int) throws -> Bool {
    for number in plan.analyses.indices.prefix(analysis + 1) {
      let runs = evidence.shadowModelRuns(ofArm: arm, models: plan.analyses[number].models)
      // A model after the analysis is done: training continued there.
      let next = evidence.shadowModelRuns(ofArm: arm, models: runs.count + 1).last
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

  /// The decision of the analysis, from the arm's first attack.
  private func decision(at number: Int) throws -> InterimAnalysisDecision {
    // The last analysis always ends it.
    guard number < plan.analyses.count - 1 else { return .stop(.allModelsTrained) }
    let look = plan.analyses[number]
    var shadowModels = try evidence.shadowModels(ofArm: arm, models: look.models)
    let rule = evidence.rule
    shadowModels.groups =
      early.includesGroups
      ? shadowModels.groups.filter { group in
        rule.shortage(items: group.items.count, clusters: Set(group.items.map { shadowModels.clusters[$0] }).count)
          == nil
      } : []
    shadowModels.itemNames = []
    let attacks = evidence.inputs.specification.privacy?.attacks(of: shadowModels.arm) ?? Attack.standard
    let found = try PrivacyEvaluation.evaluate(
      shadowModels: shadowModels, attacks: Array(attacks.prefix(1)), confidence: look.confidence,
      key: evidence.plan.statisticsKey[.privacy])
    var worst: InterimAnalysisDecision = .goOn(because: "no attack was run")
    for measures in found.attacks.flatMap({ [$0.overall] + $0.groups }) {
      worst = plan.decide(at: number, estimate: measures.areaUnderCurve, goal: early.goal)
      // All of them must reach the goal.
      if case .goOn = worst { return worst }
    }
    guard case .stop = worst, let overall = found.attacks.first?.overall else { return worst }
    return plan.decide(at: number, estimate: overall.areaUnderCurve, goal: early.goal)
  }
}

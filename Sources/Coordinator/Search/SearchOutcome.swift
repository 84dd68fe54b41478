internal import Cluster
internal import Fairness
internal import Ledger
internal import Plan
internal import Report

/// What a search came to.
struct SearchOutcome: Sendable {
  let found: SettingsSearch
  /// What each arm's candidates cost.
  let costs: [CostRecord]

  /// The chosen settings by the name of the arm.
  var chosen: [String: MethodSettings] {
    var chosen: [String: MethodSettings] = [:]
    for arm in found.arms {
      let candidate = arm.candidates[arm.chosen]
      chosen[arm.name] = MethodSettings(rate: candidate.rate, epochs: candidate.epochs)
    }
    return chosen
  }

  /// - Parameters:
  ///   - inputs: of the search.
  ///   - completed: its runs, by their position.
  /// - Throws: `AuditError` where a run is missing.
  init(_ inputs: AuditInputs, completed: [Int: FinishedRun], costs: [CostRecord]) throws {
    let settings = inputs.specification.search
    let validation = inputs.plan.splits.validation
    let labels = validation.map { inputs.plan.input.labels[$0] }
    var arms: [SettingsSearch.Arm] = []
    for (index, arm) in inputs.specification.arms.enumerated() {
      let candidates = settings?.candidates(of: arm) ?? []
      guard !candidates.isEmpty else { continue }
      let tried = try candidates.enumerated().map { number, candidate in
        var (accuracies, losses, diverged): ([Double], [Double], Int) = ([], [], 0)
        for (position, run) in inputs.plan.runs.enumerated() where run.arm == index {
          guard case .search(number, _) = run.purpose else { continue }
          guard let finished = completed[position] else {
            throw AuditError(.failure, "\(run.identifier) has no predictions; start the same command again")
          }
          let logits = try Logits(values: finished.logits, count: labels.count, classes: inputs.classNames.count)
          let right = labels.indices.count { logits.prediction(item: $0) == labels[$0] }
          accuracies.append(Double(right) / Double(max(1, labels.count)))
          losses.append(ProbabilityScores(logits, labels: labels).negativeLogLikelihood)
          if finished.divergedAt != nil { diverged += 1 }
        }
        return SettingsSearch.Candidate(
          rate: candidate.rate, epochs: candidate.epochs, accuracy: SeedSpread(values: accuracies),
          logLoss: SeedSpread(values: losses), diverged: diverged)
      }
      arms.append(SettingsSearch.Arm(name: arm.name, candidates: tried))
    }
    found = SettingsSearch(seeds: settings?.seeds ?? [], validationItems: labels.count, arms: arms)
    self.costs = costs
  }
}

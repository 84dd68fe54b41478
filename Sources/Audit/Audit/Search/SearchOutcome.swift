internal import Ledger
internal import Metrics
internal import Planning
internal import Report
internal import Scheduler
internal import Specification
internal import Statistics

/// The result of a search.
struct SearchOutcome: Sendable {
  let found: SettingsSearch
  /// The cost of each arm's candidates.
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
  /// - Throws: `AuditError` if a run is missing.
  init(_ inputs: AuditInputs, completed: [Int: FinishedRun], costs: [CostRecord]) throws {
    let settings = inputs.specification.search
    let validation = inputs.plan.splits.validation
    let labels = validation.map { inputs.plan.input.labels[$0] }
    let rule = PredictionRule(classNames: inputs.classNames, positiveClass: inputs.positiveClass)
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
          let scores = ItemScores(logits, labels: labels, rule: rule)
          accuracies.append(scores.correct.reduce(0, +) / Double(max(1, labels.count)))
          losses.append(scores.negativeLogLikelihood.reduce(0, +) / Double(max(1, labels.count)))
          if finished.divergedAt != nil { diverged += 1 }
        }
        return SettingsSearch.Candidate(
          rate: candidate.rate, epochs: candidate.epochs, accuracy: SeedSpread(values: accuracies),
          logLoss: SeedSpread(values: losses), diverged: diverged)
      }
      arms.append(SettingsSearch.Arm(name: arm.name, candidates: tried, chosen: Self.best(of: tried)))
    }
    found = SettingsSearch(seeds: settings?.seeds ?? [], validationItems: labels.count, arms: arms)
    self.costs = costs
  }

  /// The position of the candidate with the highest mean accuracy; of several, the one with the lowest log loss, then
  /// the first. A candidate with a diverged run is chosen only if every candidate has one.
  private static func best(of candidates: [SettingsSearch.Candidate]) -> Int {
    let whole = candidates.indices.filter { candidates[$0].diverged == 0 }
    func rank(_ index: Int) -> (Double, Double, Int) {
      (-candidates[index].accuracy.mean, candidates[index].logLoss.mean, index)
    }
    return (whole.isEmpty ? Array(candidates.indices) : whole).min { rank($0) < rank($1) } ?? 0
  }
}

package import Metrics
package import Statistics
internal import Support

/// Simulations with planted effects, which show what the statistics promise: data whose truth is known are drawn again
/// and again, audited by the code that audits use, and the answers are counted.
package enum PlantedTruths {
  /// The intervals of paired differences are read from this many resamples, not from an audit's 20,000: by
  /// calculation that adds .06 standard errors of noise to their bounds, and takes less than a tenth of a point from what
  /// they cover.
  package static let resamples = 2_000

  /// The whole table, a scenario after the other.
  ///
  ///     let table = try PlantedTruths.table(audits: 2_000, seed: 1, threads: 2)
  ///     print(table.markdown)
  ///
  /// - Parameters:
  ///   - audits: Of each scenario; those that are dear run a share of them, which the table states. 2,000 give a share of
  ///     95 % a standard error of half a point.
  ///   - seed: What every draw is made from; the table depends on it and on `audits` alone.
  ///   - threads: How many audits are simulated at once.
  ///   - progress: Told before every scenario.
  /// - Throws: `PlantedTruthsError`.
  package static func table(
    audits: Int, seed: Int, threads: Int, progress: ((TruthsProgress) -> Void)? = nil
  ) throws(PlantedTruthsError) -> TruthsTable {
    try table(of: scenarios, audits: audits, seed: seed, threads: threads, progress: progress)
  }

  /// The rows of some scenarios; each is the same whatever the others are.
  package static func table(
    of scenarios: [TruthScenario], audits: Int, seed: Int, threads: Int, progress: ((TruthsProgress) -> Void)? = nil
  ) throws(PlantedTruthsError) -> TruthsTable {
    guard audits >= 1 else { throw .audits(audits) }
    guard threads >= 1 else { throw .threads(threads) }
    var rows: [TruthRow] = []
    for (number, scenario) in scenarios.enumerated() {
      progress?(TruthsProgress(finished: number, scenarios: scenarios.count, next: scenario.name))
      let own = max(1, Int((Double(audits) * scenario.auditShare).rounded()))
      let key = RandomKey(seed: seed)[.simulationStudy][scenario.section.rawValue][scenario.name]
      rows += try scenario.rows(Simulation(audits: own, threads: threads, key: key))
    }
    return TruthsTable(audits: audits, seed: seed, rows: rows)
  }

  /// Every scenario, in the order of the table.
  package static var scenarios: [TruthScenario] {
    accuracyScenarios + rateScenarios + seedScenarios + exactScenarios + differenceScenarios + familyScenarios
      + powerScenarios
      + marginScenarios + calibrationScenarios + spreadScenarios
  }
}

/// How far a table is.
package struct TruthsProgress: Equatable, Sendable {
  package var finished: Int
  package var scenarios: Int
  /// The scenario that starts now.
  package var next: String

  package init(finished: Int, scenarios: Int, next: String) {
    self.finished = finished
    self.scenarios = scenarios
    self.next = next
  }
}

/// Why no table can be made.
package enum PlantedTruthsError: Error, Equatable, Sendable, CustomStringConvertible {
  case audits(Int)
  case threads(Int)
  /// A scenario's own data were refused.
  case evaluation(EvaluationError)
  case power(PowerError)
  /// No number of items that simulations could hold has the power.
  case noSampleSize(difference: Double, discordance: Double)
  /// No normal variables behind right and wrong have this correlation.
  case unreachable(what: String, value: Double)
  /// A figure of a scenario's data is undefined.
  case undefinedFigure(String)

  package var description: String {
    switch self {
    case .audits(let count): "There are \(count) audits to simulate; expected at least 1."
    case .threads(let count): "There are \(count) threads to simulate with; expected at least 1."
    case .evaluation(let error): "Simulated data were refused: \(error)"
    case .power(let error): "No sample size for a simulation: \(error)."
    case .noSampleSize(let difference, let discordance):
      "No number of items finds a difference of \(difference) at a discordance of \(discordance); plant a larger one."
    case .unreachable(let what, let value): "No simulated data have \(what) \(value); plant less of it."
    case .undefinedFigure(let figure): "\(figure) is undefined in simulated data; plant more items."
    }
  }
}

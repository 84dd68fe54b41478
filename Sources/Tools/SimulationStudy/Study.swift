package import MembershipInference
package import Metrics
package import Statistics
import Support

/// The simulation study: coverage of intervals, type I error and power of tests, on data whose truth is known.
///
/// Each scenario draws data with a known effect many times, lets the code of real audits evaluate them, and counts how
/// often the audits are right.
package enum Study {
  /// Resamples of each paired difference, instead of an audit's 20,000. By calculation, fewer resamples add noise of
  /// .06 standard errors to the bounds, which lowers the coverage by less than a tenth of a point.
  package static let resamples = 2_000

  /// Runs every scenario, one after another.
  ///
  ///     let table = try Study.table(audits: 2_000, seed: 1, threads: 2)
  ///     print(table.markdown)
  ///
  /// - Parameters:
  ///   - audits: Of each scenario. Expensive scenarios run a share of them, which the table states. 2,000 give a share
  ///     of
  ///     95 % a standard error of half a point.
  ///   - seed: The seed of every draw. The table depends on it and on `audits` alone.
  ///   - threads: How many audits run at the same time.
  ///   - progress: Called before every scenario.
  /// - Throws: `StudyError`.
  package static func table(
    audits: Int, seed: Int, threads: Int, progress: ((StudyProgress) -> Void)? = nil
  ) throws(StudyError) -> StudyTable {
    try table(of: scenarios, audits: audits, seed: seed, threads: threads, progress: progress)
  }

  /// Runs some scenarios. A scenario's rows do not depend on the other scenarios.
  package static func table(
    of scenarios: [Scenario], audits: Int, seed: Int, threads: Int, progress: ((StudyProgress) -> Void)? = nil
  ) throws(StudyError) -> StudyTable {
    guard audits >= 1 else { throw .audits(audits) }
    guard threads >= 1 else { throw .threads(threads) }
    var rows: [StudyRow] = []
    for (number, scenario) in scenarios.enumerated() {
      progress?(StudyProgress(finished: number, scenarios: scenarios.count, next: scenario.name))
      let own = max(1, Int((Double(audits) * scenario.auditShare).rounded()))
      let key = RandomKey(seed: seed)[.simulationStudy][scenario.section.rawValue][scenario.name]
      rows += try scenario.rows(Simulation(audits: own, threads: threads, key: key))
    }
    return StudyTable(audits: audits, seed: seed, rows: rows)
  }

  /// Every scenario, in the order of the table.
  package static var scenarios: [Scenario] {
    accuracyScenarios + clusterScenarios + seededAccuracyScenarios + rateScenarios + seedScenarios + exactScenarios
      + differenceScenarios + familyScenarios + powerScenarios + marginScenarios + calibrationScenarios
      + spreadScenarios + seriesScenarios + attackScenarios
  }
}

extension Study {
  /// Why rows fall short, where that has been found out: those of a section whose data contain these words.
  static let knownShortfalls: [(section: StudySection, data: String, reason: String)] = []
}

/// The progress of a study.
package struct StudyProgress: Equatable, Sendable {
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

/// Why a study cannot run.
package enum StudyError: Error, Equatable, Sendable, CustomStringConvertible {
  case audits(Int)
  case threads(Int)
  /// A scenario's own data were refused.
  case evaluation(EvaluationError)
  case power(PowerError)
  case attack(PrivacyError)
  /// No number of items that a simulation could hold has the power.
  case noSampleSize(difference: Double, discordance: Double)
  /// No latent normal variables have this correlation.
  case unreachable(what: String, value: Double)
  /// A figure of a scenario's data is undefined.
  case undefinedFigure(String)

  package var description: String {
    switch self {
    case .audits(let count): "There are \(count) audits to simulate; expected at least 1."
    case .threads(let count): "There are \(count) threads to simulate with; expected at least 1."
    case .evaluation(let error): "Simulated data were refused: \(error)"
    case .attack(let error): "Simulated shadow models were refused: \(error)"
    case .power(let error): "No sample size for a simulation: \(error)."
    case .noSampleSize(let difference, let discordance):
      "No number of items finds a difference of \(difference) at a discordance of \(discordance); simulate a larger one."
    case .unreachable(let what, let value): "No simulated data have \(what) \(value); simulate less of it."
    case .undefinedFigure(let figure): "\(figure) is undefined in simulated data; simulate more items."
    }
  }
}

/// One way of drawing data with a known truth, and the rows that it contributes.
package struct Scenario: Sendable {
  package let section: StudySection
  /// Unique within its section: it names the stream that the scenario's data are drawn from.
  package let name: String
  /// The share of the table's audits that the scenario runs.
  package let auditShare: Double
  let rows: @Sendable (Simulation) throws(StudyError) -> [StudyRow]

  init(
    _ section: StudySection, _ name: String, auditShare: Double = 1,
    rows: @escaping @Sendable (Simulation) throws(StudyError) -> [StudyRow]
  ) {
    self.section = section
    self.name = name
    self.auditShare = auditShare
    self.rows = rows
  }
}

/// Runs the audits of one scenario.
package struct Simulation: Sendable {
  let audits: Int
  let threads: Int
  let key: RandomKey

  /// The results of `audit` for every audit, in their order. An audit draws from its own key alone, so the number of
  /// threads changes nothing.
  func run<Finding: Sendable>(
    _ audit: @Sendable (RandomKey) throws(StudyError) -> Finding
  ) throws(StudyError) -> [Finding] {
    let workers = min(threads, audits)
    let results = concurrentMap(workers) { worker in
      Result { () throws(StudyError) in
        var findings: [Finding] = []
        for number in stride(from: worker, to: audits, by: workers) { findings.append(try audit(key[number])) }
        return findings
      }
    }
    let byWorker = try results.map { (result) throws(StudyError) in try result.get() }
    return (0..<audits).map { byWorker[$0 % workers][$0 / workers] }
  }
}

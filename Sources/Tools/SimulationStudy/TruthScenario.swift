internal import Metrics
internal import Statistics
internal import Support

/// One set of planted data and the rows that it gives.
package struct TruthScenario: Sendable {
  package let section: TruthSection
  /// Unique within its section: it names the stream that the scenario's data are drawn from.
  package let name: String
  /// The share of the table's audits that the scenario runs.
  package let auditShare: Double
  let rows: @Sendable (Simulation) throws(PlantedTruthsError) -> [TruthRow]

  init(
    _ section: TruthSection, _ name: String, auditShare: Double = 1,
    rows: @escaping @Sendable (Simulation) throws(PlantedTruthsError) -> [TruthRow]
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

  /// What `audit` says of every audit, in their order. An audit draws from its own key alone, so the number of threads
  /// changes nothing.
  func run<Finding: Sendable>(
    _ audit: @Sendable (RandomKey) throws(PlantedTruthsError) -> Finding
  ) throws(PlantedTruthsError) -> [Finding] {
    let workers = min(threads, audits)
    let results = concurrentMap(workers) { worker in
      Result { () throws(PlantedTruthsError) in
        var findings: [Finding] = []
        for number in stride(from: worker, to: audits, by: workers) { findings.append(try audit(key[number])) }
        return findings
      }
    }
    let byWorker = try results.map { (result) throws(PlantedTruthsError) in try result.get() }
    return (0..<audits).map { byWorker[$0 % workers][$0 / workers] }
  }
}

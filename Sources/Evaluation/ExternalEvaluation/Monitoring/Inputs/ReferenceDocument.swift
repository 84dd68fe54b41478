internal import Metrics
internal import Report
internal import Statistics

/// What is read of the reference's results.json: which arms were audited, on which groups, with which figures.
struct ReferenceDocument: Sendable {
  let file: String
  private let document: Results

  /// - Throws: `MonitoringError` where there is none, or of another version.
  init(folder: String) throws(MonitoringError) {
    file = "\(folder)/results.json"
    do throws(ResultsError) {
      document = try Results(folder: folder)
    } catch {
      throw MonitoringError(
        file,
        error.problem.hasPrefix("cannot be read")
          ? "cannot be read; expected --reference to be the folder of an audit that is done, or of an evaluation"
          : error.problem)
    }
  }

  var policy: Policy? { document.policy?.policy }
  var name: String { document.name }
  var classNames: [String] { document.classes }
  var positiveClass: String? { document.positiveClass }
  /// What the audit's manifest calls its clusters; nil where it has none, or is of an earlier version.
  var clusterColumn: String? { document.clusterColumn }
  /// The digest of what the audit was made from; nil of an evaluation of predictions.
  var planHash: String? { document.plan.version > 0 ? document.plan.hash : nil }
  var testItems: Int { document.items.test }
  var minimumGroupSize: Int { document.decision.minimumGroupSize }
  var groups: [GroupName] { document.groups.map(\.name) }
  var arms: [String] { document.evaluatedArms }
  /// Those that were trained, or come from elsewhere: a base is not what is released.
  var releasableArms: [String] {
    let bases = document.arms.filter { [.head, .base].contains($0.kind) }.map(\.name)
    return arms.filter { !bases.contains($0) }
  }

  /// The seeds of an arm; a nil for a model that no seed changes.
  func seeds(of arm: String) -> [Int?] { evaluation(of: arm)?.seeds.map(\.seed) ?? [] }

  /// Right answers and items of one run over all test items.
  func accuracy(of run: ReleasedRun) -> (successes: Double, n: Int)? {
    evaluation(of: run.arm)?.seeds.first { $0.seed == run.seed }.map {
      ($0.rates.overall.accuracy.successes, $0.rates.overall.accuracy.n)
    }
  }

  private func evaluation(of arm: String) -> ArmEvaluation? { document.evaluations.first { $0.arm == arm } }
}

internal import Foundation
internal import Metrics
internal import Report

/// What is read of the reference's results.json: which arms were audited, on which groups, with which figures.
struct ReferenceDocument: Sendable {
  let file: String
  let policy: Policy?
  private let document: Document

  /// - Throws: `MonitoringError` where there is none, or of another version.
  init(folder: String) throws(MonitoringError) {
    file = "\(folder)/results.json"
    guard let bytes = try? Data(contentsOf: URL(filePath: file)) else {
      throw MonitoringError(
        file, "cannot be read; expected --reference to be the folder of an audit that is done, or of an evaluation")
    }
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      document = try decoder.decode(Document.self, from: bytes)
      policy = try ResultsFigures(bytes).policy
    } catch {
      throw MonitoringError(
        file, "is no results.json of this version of Tenbin; run the audit or the evaluation again (\(error))")
    }
  }

  var name: String { document.name }
  var classNames: [String] { document.classes }
  var positiveClass: String? { document.positiveClass }
  /// What the audit's manifest calls its clusters; nil where it has none, or is of an earlier version.
  var clusterColumn: String? { document.clusterColumn }
  /// The digest of what the audit was made from; nil of an evaluation of predictions.
  var planHash: String? { document.plan.version > 0 ? document.plan.hash : nil }
  var testItems: Int { document.items.test }
  var minimumGroupSize: Int { document.decision.minimumGroupSize }
  var groups: [GroupName] { document.groups.map { GroupName(column: $0.column, value: $0.value) } }
  var arms: [String] { document.evaluations.map(\.arm) }
  /// Those that were trained, or come from elsewhere: a base is not what is released.
  var releasableArms: [String] {
    let bases = document.arms.filter { ["head", "base"].contains($0.kind) }.map(\.name)
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

  private func evaluation(of arm: String) -> Document.Evaluation? { document.evaluations.first { $0.arm == arm } }
}

private struct Document: Decodable, Sendable {
  struct Group: Decodable, Sendable {
    let column: String
    let value: String
  }

  struct Items: Decodable, Sendable {
    let test: Int
  }

  struct Decision: Decodable, Sendable {
    let minimumGroupSize: Int
  }

  struct Arm: Decodable, Sendable {
    let name: String
    let kind: String
  }

  struct Evaluation: Decodable, Sendable {
    struct Seed: Decodable, Sendable {
      struct Rates: Decodable, Sendable {
        struct Overall: Decodable, Sendable {
          struct Accuracy: Decodable, Sendable {
            let successes: Double
            let n: Int
          }

          let accuracy: Accuracy
        }

        let overall: Overall
      }

      let seed: Int?
      let rates: Rates
    }

    let arm: String
    let seeds: [Seed]
  }

  struct Plan: Decodable, Sendable {
    let hash: String
    let version: Int
  }

  let name: String
  let plan: Plan
  let clusterColumn: String?
  let classes: [String]
  let positiveClass: String?
  let items: Items
  let decision: Decision
  let groups: [Group]
  let arms: [Arm]
  let evaluations: [Evaluation]
}

package import Foundation

/// The figures of a results.json that policies can speak of.
package struct ResultsFigures: Sendable {
  private let document: Document

  /// - Throws: `DecodingError` for anything but the form of Deploy/results.schema.json.
  package init(_ bytes: Data) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    document = try decoder.decode(Document.self, from: bytes)
    // A policy has the keys of its own file.
    policy = try JSONDecoder().decode(PolicyDocument.self, from: bytes).policy?.fixed
  }

  /// Those of an audit or an evaluation.
  ///
  /// - Throws: `ResultsError` where there are none, or of another version.
  package init(folder: String) throws(ResultsError) {
    let file = "\(folder)/results.json"
    guard let bytes = try? Data(contentsOf: URL(filePath: file)) else {
      throw ResultsError(description: "\(file) cannot be read; expected the folder of an audit that is done")
    }
    do {
      try self.init(bytes)
    } catch {
      if (try? JSONDecoder().decode(KindDocument.self, from: bytes))?.kind == "attack" {
        throw ResultsError(
          description: "\(file) is an attack on scores made elsewhere; a policy is judged on an audit or an evaluation")
      }
      throw ResultsError(
        description: "\(file) is no results.json of this version of Tenbin; run the audit again (\(error))")
    }
  }

  package struct Group: Hashable, Sendable, Decodable, CustomStringConvertible {
    package let column: String
    package let value: String

    package init(column: String, value: String) { (self.column, self.value) = (column, value) }

    package var description: String { "\(column)=\(value)" }
  }

  /// Why a figure is not there.
  struct Undefined: Error, Equatable {
    let reason: String
  }

  package var name: String { document.name }
  /// The policy that was fixed before the run; nil where there was none.
  package let policy: Policy?
  var arms: [String] { document.evaluations.map(\.arm) }
  var groups: [Group] { document.groups }
  /// Combinations that were too small to stand alone.
  var pooledGroups: [Group] { document.pooledGroups ?? [] }
  /// The digest of everything that the results were made from; nil in results of earlier versions.
  package var planHash: String? { document.plan?.hash }

  /// A comparison of the declared family, in one group.
  struct GroupVerdict: Sendable, Equatable {
    let arm: String
    let reference: String
    let group: Group
    let estimate: Double
    let lower: Double
    let upper: Double
    /// within_margin, difference_confirmed or not_enough_data.
    let verdict: String
  }

  /// Every arm in every group, in the order of the document.
  var verdicts: [GroupVerdict] {
    document.comparisons.compactMap { comparison in
      guard let group = comparison.group, let estimate = comparison.estimate.value,
        let lower = comparison.interval?.lower?.value, let upper = comparison.interval?.upper?.value
      else { return nil }
      return GroupVerdict(
        arm: comparison.arm, reference: comparison.reference, group: group, estimate: estimate, lower: lower,
        upper: upper, verdict: comparison.verdict?.verdict ?? "not_enough_data")
    }
  }

  /// The arms that are compared with another; nil where none are.
  var comparedArms: [String]? {
    var arms: [String] = []
    for comparison in document.comparisons where !arms.contains(comparison.arm) { arms.append(comparison.arm) }
    return arms.isEmpty ? nil : arms
  }

  func groups(of wanted: Policy.Groups) -> [Group?] {
    switch wanted {
    case .all: [nil]
    case .every: document.groups
    case .one(let column, let value): [Group(column: column, value: value)]
    }
  }

  /// The attack that stands for all of an arm's, as in the report: that by which arms are compared, otherwise the online
  /// likelihood ratio, which had another name up to version 3 of the results, or the first.
  private func leading(_ attacks: [Document.Privacy.Arm.Attack]) -> Document.Privacy.Arm.Attack? {
    let rule = document.privacy.decision?.attack
    return attacks.first { $0.attack == rule }
      ?? attacks.first { $0.attack.split(separator: ":").first == "lira" || $0.attack == "likelihood_ratio" }
      ?? attacks.first
  }

  func figure(
    _ metric: Policy.Metric, arm: String, group: Group?, isDifference: Bool
  ) -> Result<Figure, Undefined> {
    if isDifference {
      guard let comparison = document.comparisons.first(where: { $0.arm == arm && $0.group == group }) else {
        return .failure(Undefined(reason: "\(arm) is not compared with another arm"))
      }
      guard let value = comparison.estimate.value, let interval = comparison.interval else {
        return .failure(Undefined(reason: comparison.estimate.reason))
      }
      return figure(value, interval, n: comparison.n)
    }
    if metric == .attackArea {
      guard let attacked = document.privacy.arms?.first(where: { $0.arm == arm }),
        let attack = leading(attacked.attacks),
        let measures = ([attack.overall] + attack.groups).first(where: { $0.group == group })
      else { return .failure(Undefined(reason: "membership inference was not measured")) }
      return figure(measures.areaUnderCurve, n: measures.n)
    }
    guard let evaluation = document.evaluations.first(where: { $0.arm == arm }) else {
      return .failure(Undefined(reason: "there is no arm \(arm)"))
    }
    if metric == .signedGap {
      let all = [evaluation.calibration.overall] + evaluation.calibration.groups
      guard let found = all.first(where: { $0.group == group }) else { return .failure(Undefined(reason: "no group")) }
      return figure(found.signedGap, n: found.n)
    }
    guard let rates = ([evaluation.overSeeds.overall] + evaluation.overSeeds.groups).first(where: { $0.group == group })
    else { return .failure(Undefined(reason: "no group")) }
    switch metric {
    case .accuracy: return figure(rates.accuracy, n: rates.n)
    case .truePositiveRate: return figure(rates.truePositiveRate, n: rates.n)
    case .falsePositiveRate: return figure(rates.falsePositiveRate, n: rates.n)
    case .selectionRate: return figure(rates.selectionRate, n: rates.n)
    case .precision: return figure(rates.precision, n: rates.n)
    case .f1: return figure(rates.f1, n: rates.n)
    case .signedGap, .attackArea: return .failure(Undefined(reason: "no such figure"))
    }
  }

  private func figure(_ estimate: Document.Estimate, n: Int) -> Result<Figure, Undefined> {
    guard let value = estimate.value else { return .failure(Undefined(reason: estimate.undefined ?? "undefined")) }
    return figure(value, estimate.interval, n: estimate.n ?? n)
  }

  private func figure(_ value: Double, _ interval: Document.Interval?, n: Int) -> Result<Figure, Undefined> {
    guard let lower = interval?.lower?.value, let upper = interval?.upper?.value else {
      return .failure(Undefined(reason: interval?.undefined ?? "it has no interval"))
    }
    return .success(Figure(value: value, lower: lower, upper: upper, n: n))
  }
}

/// Results that cannot be read.
package struct ResultsError: Error, CustomStringConvertible {
  package let description: String
}

private struct KindDocument: Decodable {
  let kind: String?
}

private struct PolicyDocument: Decodable {
  struct Fixed: Decodable {
    let fixed: Policy
  }

  let policy: Fixed?
}

/// What is read of the document.
private struct Document: Decodable, Sendable {
  struct Plan: Decodable, Sendable {
    let hash: String
  }

  let name: String
  let plan: Plan?
  let groups: [ResultsFigures.Group]
  let pooledGroups: [ResultsFigures.Group]?
  let evaluations: [Evaluation]
  let comparisons: [Comparison]
  let privacy: Privacy

  /// A number, or an object that says why there is none.
  struct Number: Decodable, Sendable {
    let value: Double?
    let reason: String

    init(from decoder: any Decoder) throws {
      if let number = try? decoder.singleValueContainer().decode(Double.self) {
        // Everything that policies speak of is a share, a difference of shares, or a bound of one.
        guard number.magnitude <= 2 else {
          throw DecodingError.dataCorrupted(
            DecodingError.Context(
              codingPath: decoder.codingPath, debugDescription: "expected a figure from -1 to 1, found \(number)"))
        }
        (value, reason) = (number, "")
      } else {
        value = nil
        reason = try Undefined(from: decoder).undefined
      }
    }

    private struct Undefined: Decodable {
      let undefined: String
    }
  }

  struct Interval: Decodable, Sendable {
    let lower: Number?
    let upper: Number?
    let undefined: String?
  }

  struct Estimate: Decodable, Sendable {
    private let number: Number?
    let n: Int?
    let interval: Interval?
    let undefined: String?

    var value: Double? { number?.value }

    enum CodingKeys: String, CodingKey {
      case number = "value"
      case n, interval, undefined
    }
  }

  struct Rates: Decodable, Sendable {
    let group: ResultsFigures.Group?
    let n: Int
    let accuracy: Estimate
    let truePositiveRate: Estimate
    let falsePositiveRate: Estimate
    let selectionRate: Estimate
    let precision: Estimate
    let f1: Estimate
  }

  struct Calibration: Decodable, Sendable {
    let group: ResultsFigures.Group?
    let n: Int
    let signedGap: Estimate
  }

  struct Evaluation: Decodable, Sendable {
    struct Part<Value: Decodable & Sendable>: Decodable, Sendable {
      let overall: Value
      let groups: [Value]
    }

    let arm: String
    let overSeeds: Part<Rates>
    let calibration: Part<Calibration>
  }

  struct Comparison: Decodable, Sendable {
    struct Verdict: Decodable, Sendable {
      let verdict: String
    }
    let arm: String
    let reference: String
    let verdict: Verdict?
    let group: ResultsFigures.Group?
    let n: Int
    let estimate: Number
    let interval: Interval?
  }

  struct Privacy: Decodable, Sendable {
    struct Arm: Decodable, Sendable {
      struct Attack: Decodable, Sendable {
        struct Measures: Decodable, Sendable {
          let group: ResultsFigures.Group?
          let n: Int
          let areaUnderCurve: Estimate
        }
        let attack: String
        let overall: Measures
        let groups: [Measures]
      }
      let arm: String
      let attacks: [Attack]
    }
    struct Decision: Decodable, Sendable {
      let attack: String
    }

    let arms: [Arm]?
    let decision: Decision?
  }
}

package import Foundation
import MembershipInference
package import Metrics
package import Statistics
import Support

/// The facts of one audit or evaluation: results.json, as it is written, and read by gate, compare, monitor, remedy and
/// verify. `Deploy/results.schema.json` describes its form.
///
/// It holds no times, no costs and no names of workers, so that the same audit gives the same bytes on any cluster.
/// `JSONDocument` says how a property becomes a key.
package struct Results: Codable, Equatable, Sendable {
  /// The version of the form of results.json and costs.json. An earlier one is not read: run the audit again.
  package static let version = 8

  package var schema = version
  package var name: String
  package var task: String
  package var plan: Plan
  package var classes: [String]
  /// nil when no class is declared positive.
  package var positiveClass: String?
  package var items: ItemCounts
  /// The number of items with each kind of note.
  package var dataNotes: [NoteCount]
  /// How the files were read where that was not a matter of course, in a sentence each.
  package var inputNotes: [String]
  /// The name of the column of clusters; nil if items are not clustered.
  package var clusterColumn: String?
  package var seeds: [Int]
  package var precision: String
  package var flipProbability: Double
  /// The groups of the test items.
  package var groups: [GroupCount]
  /// The policy that was fixed before the run, and its verdict; nil if there was none.
  package var policy: GateOutcome?
  /// Intersections of groups that were too small to be evaluated alone and are pooled.
  package var pooledGroups: [GroupCount]
  package var arms: [ArmDescription]
  package var learningRatesFixedByHand: Bool
  package var search: SettingsSearch?
  package var decision: Decision
  package var evaluations: [ArmEvaluation]
  /// nil in a task that scores no texts.
  package var likelihoods: [ArmLikelihood]?
  package var translation: Translation?
  package var choices: Choices?
  package var cloze: Cloze?
  package var comparisons: [PairedComparison]
  package var exploratoryComparisons: [PairedComparison]
  package var furtherTests: [FurtherTest]
  package var privacy: Measured<Privacy>
  package var losses: [RunLosses]
  /// Whether the arms that were trained here were still improving when training ended.
  package var stillFalling: [ArmImprovement]

  package struct Plan: Codable, Equatable, Sendable {
    /// The hash of everything that determines the results, in hexadecimal digits.
    package var hash: String
    /// 0 for an evaluation of predictions.
    package var version: Int
  }

  package struct NoteCount: Codable, Equatable, Sendable {
    package var kind: DataNote.Kind
    package var items: Int
  }

  /// A group and how many test items it has.
  package struct GroupCount: Codable, Equatable, Sendable {
    package var column: String
    package var value: String
    package var n: Int

    package var name: GroupName { GroupName(column: column, value: value) }
  }

  /// The decision rule for the difference between two arms, and the number of comparisons in Holm's correction.
  package struct Decision: Codable, Equatable, Sendable {
    package var metric: DecisionMetric
    package var margin: Double
    package var minimumGroupSize: Int
    package var minimumClusters: Int
    package var familySize: Int
  }

  package struct Translation: Codable, Equatable, Sendable {
    package var arms: [ArmTranslationQuality]
    package var differences: [TranslationDifference]
  }

  package struct Choices: Codable, Equatable, Sendable {
    package var arms: [ArmChoices]
    package var comparisons: [ChoiceComparison]
  }

  package struct Cloze: Codable, Equatable, Sendable {
    package var arms: [ArmCloze]
    package var comparisons: [ClozeComparison]
  }

  /// The same models evaluated on another file of items.
  package struct FurtherTest: Codable, Equatable, Sendable {
    package var name: String
    package var n: Int
    /// Items that are equal, byte for byte, to a training item.
    package var trainedOn: Int
    package var clusterColumn: String?
    package var groups: [GroupCount]
    package var decision: Decision
    package var evaluations: [ArmEvaluation]
    package var comparisons: [PairedComparison]
    package var exploratoryComparisons: [PairedComparison]
  }
}

extension Results {
  /// The contents of results.json: the canonical form in UTF-8.
  package func bytes() throws -> [UInt8] { try JSONDocument.bytes(of: self) }

  /// - Throws: `DecodingError` or `JSONError` if the bytes are not results of this version.
  package init(_ bytes: Data) throws {
    self = try JSONDocument.decode(Results.self, from: bytes)
    guard schema == Self.version else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: [], debugDescription: "schema is \(schema), and this version of Tenbin reads \(Self.version)"))
    }
    try requireShares()
  }

  /// Reads FOLDER/results.json.
  ///
  /// - Throws: `ResultsError` that names the file and says what to do.
  package init(folder: String) throws(ResultsError) {
    let file = "\(folder)/results.json"
    guard let bytes = try? Data(contentsOf: URL(filePath: file)) else {
      throw ResultsError(file: file, problem: "cannot be read; expected the folder of an audit that is done")
    }
    do {
      try self.init(bytes)
    } catch {
      let found = try? JSONDocument.decode(Kind.self, from: bytes)
      if found?.kind == AttackReport.kind {
        throw ResultsError(
          file: file,
          problem: "holds an attack on external scores; expected the results of an audit or an evaluation")
      }
      let reason =
        if let schema = found?.schema, schema != Self.version {
          "its schema is \(schema), and this version reads \(Self.version)"
        } else {
          (error as? DecodingError)?.problem ?? "\(error)"
        }
      throw ResultsError(
        file: file, problem: "is not a results.json of this version of Tenbin; run the audit again (\(reason))")
    }
  }

  private struct Kind: Decodable {
    let kind: String?
    let schema: Int?
  }

  /// Checks that every figure a policy can constrain is a share, a difference of shares, or a bound of one.
  private func requireShares() throws {
    var figures = comparisons.flatMap { [$0.estimate, $0.interval.lower, $0.interval.upper] }
    for arm in evaluations {
      figures += ([arm.overSeeds.overall] + arm.overSeeds.groups).map(\.accuracy.value)
      figures += arm.calibration.all.map(\.signedGap.value)
    }
    for attack in (privacy.value?.arms ?? []).flatMap(\.attacks) {
      figures += ([attack.overall] + attack.groups).compactMap(\.areaUnderCurve.value?.value)
    }
    if let damaged = figures.first(where: { $0.magnitude > 2 }) {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: [], debugDescription: "expected a figure from -1 to 1, found \(damaged)"))
    }
  }
}

/// Results that cannot be read.
package struct ResultsError: Error, CustomStringConvertible {
  package let file: String
  package let problem: String

  package var description: String { "\(file) \(problem)" }
}

extension AuditReport {
  /// The part of the report that results.json holds.
  package var results: Results {
    Results(
      name: name, task: task, plan: Results.Plan(hash: planHash, version: planVersion), classes: classNames,
      positiveClass: positiveClass, items: counts,
      dataNotes: DataNote.Kind.allCases.map { kind in
        Results.NoteCount(kind: kind, items: dataNotes.count { $0.kind == kind })
      },
      inputNotes: inputNotes, clusterColumn: clusterColumn, seeds: seeds, precision: precision,
      flipProbability: flipProbability,
      groups: groups.map(Results.GroupCount.init), policy: gate, pooledGroups: pooledGroups, arms: arms,
      learningRatesFixedByHand: ratesWereFixed, search: search, decision: Results.Decision(fairness),
      evaluations: fairness.arms, likelihoods: likelihoods?.arms,
      translation: translation.map { Results.Translation(arms: $0.arms, differences: $0.differences) },
      choices: choices.map { Results.Choices(arms: $0.arms, comparisons: $0.comparisons) },
      cloze: cloze.map { Results.Cloze(arms: $0.arms, comparisons: $0.comparisons) },
      comparisons: fairness.comparisons, exploratoryComparisons: fairness.exploratoryComparisons,
      furtherTests: furtherTests.map(Results.FurtherTest.init), privacy: measuredPrivacy, losses: losses,
      stillFalling: improvements)
  }
}

extension Results.GroupCount {
  package init(_ group: Subgroup) { self.init(column: group.column, value: group.value, n: group.items.count) }
}

extension Results.Decision {
  init(_ fairness: FairnessEvaluation) {
    self.init(
      metric: fairness.rule.metric, margin: fairness.rule.margin, minimumGroupSize: fairness.rule.minimumGroupSize,
      minimumClusters: fairness.rule.minimumClusters,
      familySize: fairness.familySize)
  }
}

extension Results.FurtherTest {
  init(_ test: FurtherTest) {
    self.init(
      name: test.name, n: test.items, trainedOn: test.trainedOn, clusterColumn: test.clusterColumn,
      groups: test.groups.map(Results.GroupCount.init), decision: Results.Decision(test.fairness),
      evaluations: test.fairness.arms, comparisons: test.fairness.comparisons,
      exploratoryComparisons: test.fairness.exploratoryComparisons)
  }
}

extension DecodingError {
  /// The key that is missing or the value that does not fit, with its path, in a sentence without Swift's own terms.
  fileprivate var problem: String {
    func path(_ context: Context, _ last: (any CodingKey)? = nil) -> String {
      (context.codingPath + [last].compactMap(\.self)).map(\.stringValue).joined(separator: ".")
    }
    return switch self {
    case .keyNotFound(let key, let context): "the key \(path(context, key)) is missing"
    case .valueNotFound(_, let context): "there is no value at \(path(context))"
    case .typeMismatch(_, let context), .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? context.debugDescription : "at \(path(context)): \(context.debugDescription)"
    @unknown default: "it cannot be decoded"
    }
  }
}

internal import Evaluation
package import Fairness
internal import Foundation
internal import Plan
package import Report

/// What the remedies that were tried do for the group, for the others, and what they cost.
package struct RemedyComparison: Sendable {
  package let report: AuditReport
  package let list: RemedyList
  /// Those that were compared, in order.
  package let compared: [Remedy]
  /// Those that were not tried yet.
  package let missing: [Remedy]
  /// What was evaluated, a table an arm.
  package let predictions: [ReportFile]

  /// - Parameters:
  ///   - audit: the folder of the audit.
  ///   - groups: its columns of groups.
  ///   - combinations: columns that are combined.
  /// - Throws: `RemedyError`, or the error of a file that cannot be read.
  package init(
    _ list: RemedyList, audit: String, folder: RemedyFolder, groups: [String], combinations: [[String]],
    positive: String?, rule: DecisionRule
  ) throws {
    let arm = list.arm.name
    var sources = [(file: "\(audit)/predictions/\(arm).csv", arm: arm)]
    let audited = try CostsFile(folder: audit)
    var costs = audited.costs(of: arm, as: arm)
    var compared: [Remedy] = []
    var missing: [Remedy] = []
    for remedy in list.remedies {
      switch remedy.means {
      case .training(let variant):
        guard folder.isDone(remedy) else {
          missing.append(remedy)
          continue
        }
        sources.append(("\(folder.audit(of: remedy))/predictions/\(variant.arm.name).csv", remedy.name))
        costs += try CostsFile(folder: folder.audit(of: remedy)).costs(of: variant.arm.name, as: remedy.name)
      case .arm(let name):
        sources.append(("\(audit)/predictions/\(name).csv", remedy.name))
        costs += audited.costs(of: name, as: remedy.name)
      case .temperature, .threshold: break
      }
      compared.append(remedy)
    }
    let tables = try sources.map { try PredictionsTable(files: [$0.file], groups: groups).named(arm: $0.arm) }
    var evaluation = try PredictionsEvaluation(
      PredictionsEvaluation.Settings(
        files: sources.map(\.file), groups: groups, intersections: combinations, positive: positive, reference: arm,
        rule: rule, name: "\(arm): remedies for \(list.group)"), table: PredictionsTable(joining: tables))
    compared = compared.filter { remedy in
      switch remedy.means {
      case .training, .arm: true
      case .temperature: evaluation.add(remedy.name, from: arm, derive: Self.rescaled)
      case .threshold: evaluation.add(remedy.name, from: arm) { Self.thresholded($0, $1, $2, $3, group: list.group) }
      }
    }
    var report = try evaluation.report()
    report.costs = costs
    self.report = report
    self.list = list
    self.compared = compared
    self.missing = missing
    predictions = evaluation.predictionFiles()
  }

  private static func rescaled(
    _ items: EvaluationItems, _ test: ArmPredictions, _ own: ArmPredictions, _ validation: ValidationPredictions
  ) -> (test: ArmPredictions, validation: ArmPredictions)? {
    let temperatures = own.runs.map { TemperatureScaling.fit([$0.logits], labels: validation.labels) }
    guard let test = try? test.rescaled(by: temperatures), let own = try? own.rescaled(by: temperatures) else {
      return nil
    }
    return (test, own)
  }

  private static func thresholded(
    _ items: EvaluationItems, _ test: ArmPredictions, _ own: ArmPredictions, _ validation: ValidationPredictions,
    group: GroupInNeed
  ) -> (test: ArmPredictions, validation: ArmPredictions)? {
    let name = GroupName(column: group.column, value: group.value)
    guard let positive = items.positiveClass, let there = items.groups.first(where: { $0.name == name }),
      let here = validation.groups.first(where: { $0.name == name }), !here.members.isEmpty
    else { return nil }
    let thresholds = own.mostAccurateThresholds(
      labels: validation.labels, members: here.members, positiveClass: positive)
    guard
      let test = try? test.thresholded(thresholds, members: there.members, positiveClass: positive),
      let own = try? own.thresholded(thresholds, members: here.members, positiveClass: positive)
    else { return nil }
    return (test, own)
  }
}

/// A costs.json.
private struct CostsFile: Decodable {
  struct Cost: Decodable {
    let arm: String
    let phase: String
    let wallSeconds: Double
    let workerSeconds: Double
    let processorSeconds: Double
    let coordinatorProcessorSeconds: Double
    let bytesSent: Int
    let bytesReceived: Int
    let peakResidentBytes: Int
  }

  let costs: [Cost]

  init(folder: String) throws {
    let file = "\(folder)/costs.json"
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let bytes = FileManager.default.contents(atPath: file),
      let document = try? decoder.decode(CostsFile.self, from: bytes)
    else { throw RemedyError("\(file) cannot be read; expected the folder of an audit that is done") }
    self = document
  }

  func costs(of arm: String, as name: String) -> [PhaseCost] {
    costs.filter { $0.arm == arm }.compactMap { cost in
      guard let phase = AuditPhase(rawValue: cost.phase), phase != .fleet else { return nil }
      return PhaseCost(
        arm: name, phase: phase, wallSeconds: cost.wallSeconds, workerSeconds: cost.workerSeconds,
        processorSeconds: cost.processorSeconds, coordinatorProcessorSeconds: cost.coordinatorProcessorSeconds,
        bytesSent: cost.bytesSent, bytesReceived: cost.bytesReceived, peakResidentBytes: cost.peakResidentBytes)
    }
  }
}

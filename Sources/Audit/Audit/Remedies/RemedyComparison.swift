internal import Datasets
internal import ExternalEvaluation
internal import Foundation
package import Metrics
internal import Planning
package import Report
internal import Specification
import Statistics
internal import Support

/// The effect of the tried remedies on the group and on the others, and their cost.
package struct RemedyComparison: Sendable {
  package let report: AuditReport
  package let list: RemedyList
  /// Remedies that were not tried yet.
  package let missing: [Remedy]
  /// The evaluation, one table per arm.
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
    let audited = try AuditedFolder(audit)
    var sources = [try Source(arm: list.arm.name, of: audited, as: list.arm.name)]
    var missing: [Remedy] = []
    var withoutTraining: [Remedy] = []
    for remedy in list.remedies {
      switch remedy.means {
      case .training(let variant):
        guard folder.isDone(remedy) else {
          missing.append(remedy)
          continue
        }
        sources.append(
          try Source(arm: variant.arm.name, of: AuditedFolder(folder.audit(of: remedy)), as: remedy.name))
      case .arm(let name): sources.append(try Source(arm: name, of: audited, as: remedy.name))
      case .temperature, .threshold: withoutTraining.append(remedy)
      }
    }
    let tables = try sources.map { try PredictionsTable(files: [$0.predictions], groups: groups).named(arm: $0.name) }
    var evaluation = try PredictionsEvaluation(
      PredictionsEvaluation.Settings(
        files: sources.map(\.predictions), groups: groups, intersections: combinations, positive: positive,
        reference: list.arm.name, rule: rule, name: "\(list.arm.name): remedies for \(list.group)"),
      table: PredictionsTable(joining: tables))
    var leftOut = list.leftOut
    var descriptions = sources.map(\.description)
    for remedy in withoutTraining {
      let isAdded =
        remedy.means == .temperature
        ? evaluation.add(remedy.name, from: list.arm.name, isCompared: false, derive: Self.rescaled)
        : evaluation.add(remedy.name, from: list.arm.name) { Self.thresholded($0, $1, $2, $3, group: list.group) }
      if isAdded {
        descriptions.append(
          ArmDescription(name: remedy.name, kind: .derived, trainableParameters: 0, epochs: nil, rate: nil))
      } else {
        leftOut.append(
          RemedyFindings.LeftOut(
            name: remedy.name,
            reason: "the predictions of \(list.arm.name) hold no validation items of \(list.group) to choose it on"))
      }
    }
    let shown = list.remedies.filter { remedy in descriptions.contains { $0.name == remedy.name } }
    var report = try evaluation.report(
      declaredGroup: GroupName(column: list.group.column, value: list.group.value))
    report.arms = report.arms.map { arm in descriptions.first { $0.name == arm.name } ?? arm }
    report.costs = sources.flatMap(\.costs)
    report.remedies = RemedyFindings(
      arm: list.arm.name, group: GroupName(column: list.group.column, value: list.group.value),
      remedies: shown.map { remedy in
        RemedyFindings.Remedy(
          name: remedy.name, description: remedy.description,
          wasSearched: sources.contains { $0.name == remedy.name && $0.wasSearched })
      }, leftOut: leftOut)
    self.report = report
    self.list = list
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
      let here = validation.groups.first(where: { $0.name == name }), !here.items.isEmpty
    else { return nil }
    let thresholds = own.mostAccurateThresholds(
      labels: validation.labels, positions: here.items, positiveClass: positive)
    guard
      let test = try? test.thresholded(thresholds, positions: there.items, positiveClass: positive),
      let own = try? own.thresholded(thresholds, positions: here.items, positiveClass: positive)
    else { return nil }
    return (test, own)
  }
}

/// One arm of an audit, under the name that it has here.
private struct Source {
  let name: String
  let predictions: String
  let costs: [PhaseCost]
  let description: ArmDescription
  let wasSearched: Bool

  init(arm: String, of audit: AuditedFolder, as name: String) throws {
    guard var found = audit.results.arms.first(where: { $0.name == arm }) else {
      throw RemedyError("\(audit.path)/results.json: there is no arm \(arm)")
    }
    found.name = name
    self.name = name
    predictions = "\(audit.path)/predictions/\(arm.predictionsFile)"
    costs = audit.costs.costs.filter { $0.arm == arm && $0.phase != .shadowModels }.map { cost in
      var cost = cost
      cost.arm = name
      return cost
    }
    description = found
    wasSearched = audit.results.search?.arms.contains { $0.name == arm && $0.candidates.count > 1 } == true
  }
}

/// The results of a finished audit, by arm.
private struct AuditedFolder {
  let path: String
  let results: Results
  let costs: Costs

  init(_ path: String) throws {
    func read<Facts>(_ name: String, _ make: (Data) throws -> Facts) throws -> Facts {
      guard let bytes = FileManager.default.contents(atPath: "\(path)/\(name)"), let facts = try? make(bytes) else {
        throw RemedyError("\(path)/\(name) cannot be read; expected the folder of an audit that is done")
      }
      return facts
    }
    self.path = path
    results = try read("results.json") { try Results($0) }
    costs = try read("costs.json") { try Costs($0) }
  }
}

extension RemedyComparison {
  /// A line of what is compared, one for each remedy, then what the report says first.
  package var lines: [String] {
    let effects = report.remedyEffects
    let width = effects.map { $0.remedy.name.count }.max() ?? 0
    let before = report.costs.filter { $0.arm == list.arm.name }.reduce(0) { $0 + $1.workerSeconds }
    let head =
      "\(list.arm.name) in \(list.group): remedies minus \(list.arm.name), in points of accuracy; "
      + "\(list.arm.name) itself cost \(TimeSpan.text(seconds: before)) of workers"
    return [head]
      + effects.map { effect in
        let name = effect.remedy.name + String(repeating: " ", count: width - effect.remedy.name.count)
        let cost = effect.workerSeconds.map { "\(TimeSpan.text(seconds: $0)) of workers" } ?? "no training"
        let memory = effect.peakBytes.map { ", \(ByteCount.text($0)) at most" } ?? ""
        let gap =
          "confidence minus accuracy \(Figures.points(effect.signedGapBefore)) → \(Figures.points(effect.signedGap))"
        let differences =
          effect.differences.map { found in
            "\(found.inGroup.estimateText), \(report.significanceText(found.inGroup)); "
              + "all items \(found.overall.estimateText); "
              + "least \(found.leastHelped.group?.description ?? "") \(found.leastHelped.estimateText)"
          } ?? "0: no prediction changes"
        return "  \(name)  \(differences); \(gap); \(cost)\(memory)"
      }
      + (report.remedies?.leftOut ?? []).map { "  \($0.name): left out: \($0.reason)" }
      + missing.map { "  \($0.name): not tried yet (\($0.description))" }
      + [report.remedySentence]
  }

  /// One row per remedy.
  package var table: ReportFile {
    let bounds = ["estimate", "lower", "upper"]
    var writer = CommaSeparatedValuesWriter(
      header: ["remedy", "description"] + bounds.map { "group_" + $0 } + ["group_adjusted_p_value"]
        + bounds.map { "overall_" + $0 } + ["least_helped_group"] + bounds.map { "least_helped_" + $0 }
        + ["signed_gap_before", "signed_gap_after", "worker_seconds", "peak_resident_bytes"]
        + ["trained_parameters", "epochs", "learning_rate"])
    for effect in report.remedyEffects {
      func fields(_ comparison: PairedComparison?) -> [String] {
        guard let comparison else { return ["0.0", "0.0", "0.0"] }
        return [comparison.estimate, comparison.interval.lower, comparison.interval.upper].map { "\($0)" }
      }
      let found = effect.differences
      let arm = report.arms.first { $0.name == effect.remedy.name }
      let isTrained = arm?.epochs != nil
      writer.append(
        [effect.remedy.name, effect.remedy.description] + fields(found?.inGroup)
          + [found?.inGroup.adjustedPValue.value.map { "\($0)" } ?? ""] + fields(found?.overall)
          + [found?.leastHelped.group?.description ?? ""] + fields(found?.leastHelped)
          + ["\(effect.signedGapBefore)", "\(effect.signedGap)", effect.workerSeconds.map { "\($0)" } ?? ""]
          + [effect.peakBytes.map { "\($0)" } ?? ""]
          + [isTrained ? "\(arm?.trainableParameters ?? 0)" : "", arm?.epochs.map { "\($0)" } ?? ""]
          + [arm?.rate.map { "\($0)" } ?? ""])
    }
    return ReportFile(path: "remedies.csv", bytes: writer.bytes)
  }
}

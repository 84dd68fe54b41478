internal import Datasets
internal import Metrics
internal import Planning
package import Report
import Statistics
internal import Support

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

  /// One row a remedy.
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

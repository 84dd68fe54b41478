internal import Datasets
package import Fairness
internal import Plan
package import Report
internal import Wording

/// What one remedy does, and what it cost.
package struct RemedyEffect: Equatable, Sendable {
  package let remedy: Remedy
  /// Remedy minus arm in the group that is to be helped, in accuracy.
  package let inGroup: PairedComparison
  package let overall: PairedComparison
  /// Of all groups the one that it helps least, or harms most.
  package let leastHelped: PairedComparison
  /// Mean confidence minus accuracy in the group.
  package let signedGap: Double
  package let signedGapBefore: Double
  /// Of training, evaluation and search; nil for what needs no training.
  package let workerSeconds: Double?
  /// Of the largest worker.
  package let peakBytes: Int?
}

extension RemedyComparison {
  /// In the order of the remedies that were compared.
  package var effects: [RemedyEffect] {
    let name = GroupName(column: list.group.column, value: list.group.value)
    func gap(_ arm: String) -> Double? {
      report.fairness.arms.first { $0.arm == arm }?.groupCalibrations.first { $0.group == name }?.signedGap.value
    }
    return compared.compactMap { remedy in
      let own = report.fairness.comparisons.filter { $0.arm == remedy.name }
      guard let inGroup = own.first(where: { $0.group == name }), let overall = own.first(where: { $0.group == nil }),
        let least = own.filter({ $0.group != nil }).min(by: { $0.estimate < $1.estimate }),
        let after = gap(remedy.name), let before = gap(list.arm.name)
      else { return nil }
      let costs = report.costs.filter { $0.arm == remedy.name }
      return RemedyEffect(
        remedy: remedy, inGroup: inGroup, overall: overall, leastHelped: least, signedGap: after,
        signedGapBefore: before, workerSeconds: costs.isEmpty ? nil : costs.reduce(0) { $0 + $1.workerSeconds },
        peakBytes: costs.map(\.peakResidentBytes).max())
    }
  }

  /// A line of what is compared, then one for each remedy.
  package var lines: [String] {
    let width = compared.map { $0.name.count }.max() ?? 0
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
        let told = effect.inGroup.isTold ? "told from 0" : "not told from 0"
        return "  \(name)  \(effect.inGroup.estimateText), \(told); all items \(effect.overall.estimateText); "
          + "least \(effect.leastHelped.group?.description ?? "") \(effect.leastHelped.estimateText); "
          + "\(gap); \(cost)\(memory)"
      }
      + missing.map { "  \($0.name): not tried yet (\($0.description))" }
  }

  /// One row a remedy.
  package var table: ReportFile {
    let bounds = ["estimate", "lower", "upper"]
    var writer = CommaSeparatedValuesWriter(
      header: ["remedy", "description"] + bounds.map { "group_" + $0 } + ["group_adjusted_p_value"]
        + bounds.map { "overall_" + $0 } + ["least_helped_group"] + bounds.map { "least_helped_" + $0 }
        + ["signed_gap_before", "signed_gap_after", "worker_seconds", "peak_resident_bytes"])
    for effect in effects {
      func fields(_ comparison: PairedComparison) -> [String] {
        [comparison.estimate, comparison.interval.lower, comparison.interval.upper].map { "\($0)" }
      }
      writer.append(
        [effect.remedy.name, effect.remedy.description] + fields(effect.inGroup)
          + [effect.inGroup.adjustedPValue.value.map { "\($0)" } ?? ""] + fields(effect.overall)
          + [effect.leastHelped.group?.description ?? ""] + fields(effect.leastHelped)
          + ["\(effect.signedGapBefore)", "\(effect.signedGap)", effect.workerSeconds.map { "\($0)" } ?? ""]
          + [effect.peakBytes.map { "\($0)" } ?? ""])
    }
    return ReportFile(path: "remedies.csv", bytes: writer.bytes)
  }
}

extension PairedComparison {
  /// Whether a difference is confirmed, after correction for all groups and remedies.
  fileprivate var isTold: Bool { (adjustedPValue.value ?? pValue) < 0.05 }
}

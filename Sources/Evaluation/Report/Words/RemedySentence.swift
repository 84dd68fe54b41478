package import Metrics
import Statistics

extension AuditReport {
  /// Which remedy helped the group most, by how much and at what cost; or that none is told from 0. Empty where the
  /// report is not about remedies.
  package var remedySentence: String {
    guard let remedies else { return "" }
    let effects = remedyEffects.compactMap { effect in effect.differences.map { (effect: effect, found: $0) } }
    let known = effects.sorted { $0.found.inGroup.estimate > $1.found.inGroup.estimate }
    guard let best = known.first else {
      return "Nothing that was tried for \(remedies.group) changes a prediction of \(remedies.arm)."
    }
    let told = known.first { $0.found.inGroup.isTold && $0.found.inGroup.estimate > 0 }
    let (effect, found) = told ?? best
    let size = "\(found.inGroup.estimateText) of accuracy against \(remedies.arm)"
    let cost = "at the cost of \(costText(effect))"
    guard told != nil else {
      return "No remedy for \(remedies.group) is told to help\(correctionText): the largest difference is that of "
        + "\(effect.remedy.name), \(size), \(cost)\(harmText(found))."
    }
    return "\(effect.remedy.name) helps \(remedies.group) most: \(size), told from 0\(correctionText), "
      + "\(cost)\(harmText(found))."
  }

  /// " after correction for 30 comparisons", where there is more than one.
  package var correctionText: String {
    fairness.familySize > 1 ? " after correction for \(Figures.count(fairness.familySize)) comparisons" : ""
  }

  /// "told from 0", or that it is not, and why not where the interval alone would say that it is.
  package func toldText(_ comparison: PairedComparison) -> String {
    let p = comparison.adjustedPValue.value.map { "Holm \(Figures.pValue($0))" } ?? Figures.pValue(comparison.pValue)
    return "\(comparison.isTold ? "told" : "not told") from 0\(correctionText) (\(p))"
  }

  /// "3 min 12 s of workers", or that there was no training.
  func costText(_ effect: RemedyEffect) -> String {
    effect.workerSeconds.map { "\(Quantities.duration($0)) of workers" } ?? "no training"
  }

  /// What the group that is helped least loses, where that is told.
  private func harmText(_ found: RemedyEffect.Differences) -> String {
    guard found.leastHelped.isTold, found.leastHelped.estimate < 0 else { return "" }
    return "; \(found.leastHelped.groupText) loses by it, \(found.leastHelped.estimateText)"
  }
}

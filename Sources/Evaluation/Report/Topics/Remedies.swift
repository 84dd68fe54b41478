package import Metrics
import Statistics

/// The subject of a report that compares remedies for one group with the arm that serves it badly.
package struct RemedyFindings: Equatable, Sendable {
  /// The arm that is to be helped; every remedy is compared with it.
  package var arm: String
  package var group: GroupName
  /// In the order in which they are shown.
  package var remedies: [Remedy]
  package var leftOut: [LeftOut]

  package struct Remedy: Equatable, Sendable {
    /// The name of its arm in the report.
    package var name: String
    /// What it does, in a line.
    package var description: String
    /// Its rate and epochs were searched for.
    package var wasSearched: Bool

    package init(name: String, description: String, wasSearched: Bool = false) {
      (self.name, self.description, self.wasSearched) = (name, description, wasSearched)
    }
  }

  /// A remedy that was not tried.
  package struct LeftOut: Equatable, Sendable {
    package var name: String
    package var reason: String

    package init(name: String, reason: String) { (self.name, self.reason) = (name, reason) }
  }

  package init(arm: String, group: GroupName, remedies: [Remedy], leftOut: [LeftOut] = []) {
    (self.arm, self.group, self.remedies, self.leftOut) = (arm, group, remedies, leftOut)
  }
}

/// The effect and cost of one remedy.
package struct RemedyEffect: Equatable, Sendable {
  package let remedy: RemedyFindings.Remedy
  /// nil for a remedy that changes no prediction: its differences are 0, exactly.
  package let differences: Differences?
  /// Mean confidence minus accuracy in the group.
  package let signedGap: Double
  package let signedGapBefore: Double
  /// The time of training, evaluation and search; nil for remedies without training.
  package let workerSeconds: Double?
  /// The memory of the largest worker.
  package let peakBytes: Int?

  /// Remedy minus arm, in accuracy.
  package struct Differences: Equatable, Sendable {
    package let inGroup: PairedComparison
    package let overall: PairedComparison
    /// The group that it helps least, or harms most.
    package let leastHelped: PairedComparison
    /// Of that group, by Holm over the other groups of this remedy: whether one is harmed is asked of all of them.
    package let leastHelpedPValue: Double
  }
}

extension AuditReport {
  /// One for each remedy; empty if the report is not about remedies.
  package var remedyEffects: [RemedyEffect] {
    guard let remedies else { return [] }
    func gap(_ arm: String) -> Double? {
      fairness.arms.first { $0.arm == arm }?.calibration.groups.first { $0.group == remedies.group }?.signedGap.value
    }
    return remedies.remedies.compactMap { remedy in
      guard let after = gap(remedy.name), let before = gap(remedies.arm) else { return nil }
      let own = fairness.comparisons.filter { $0.arm == remedy.name }
      var differences: RemedyEffect.Differences?
      if let inGroup = own.first(where: { $0.group == remedies.group }),
        let overall = own.first(where: { $0.group == nil }),
        let least = own.filter({ $0.group != nil }).min(by: { $0.estimate < $1.estimate })
      {
        let others = own.filter { $0.group != nil && $0.group != remedies.group }
        let adjusted = zip(others, holmAdjusted(others.map(\.pValue))).first { $0.0.group == least.group }?.1
        differences = RemedyEffect.Differences(
          inGroup: inGroup, overall: overall, leastHelped: least,
          leastHelpedPValue: adjusted ?? least.adjustedPValue.value ?? least.pValue)
      }
      let costs = costs.filter { $0.arm == remedy.name }
      return RemedyEffect(
        remedy: remedy, differences: differences, signedGap: after, signedGapBefore: before,
        workerSeconds: costs.isEmpty ? nil : costs.reduce(0) { $0 + $1.workerSeconds },
        peakBytes: costs.map(\.peakResidentBytes).max())
    }
  }
}

extension PairedComparison {
  /// Whether a difference is confirmed, after correction for the whole family.
  package var isSignificant: Bool { (adjustedPValue.value ?? pValue) < 0.05 }
}

extension AuditReport {
  /// Which remedy helped the group most, by how much and at what cost; or that none is significantly different from 0.
  /// Empty if the report is not about remedies.
  package var remedySentence: String {
    guard let remedies else { return "" }
    let effects = remedyEffects.compactMap { effect in effect.differences.map { (effect: effect, found: $0) } }
    let known = effects.sorted { $0.found.inGroup.estimate > $1.found.inGroup.estimate }
    guard let best = known.first else {
      return "Nothing that was tried for \(remedies.group) changes a prediction of \(remedies.arm)."
    }
    let clear = known.first { $0.found.inGroup.isSignificant && $0.found.inGroup.estimate > 0 }
    let (effect, found) = clear ?? best
    let size = "\(found.inGroup.estimateText) of accuracy against \(remedies.arm)"
    let cost = "at the cost of \(costText(effect))"
    guard clear != nil else {
      return "No remedy for \(remedies.group) clearly helps\(correctionText): the largest difference is from "
        + "\(effect.remedy.name), \(size), \(cost)\(harmText(found))."
    }
    return
      "\(effect.remedy.name) helps \(remedies.group) most: \(size), significantly different from 0\(correctionText), "
      + "\(cost)\(harmText(found))."
  }

  /// " after correction for 30 comparisons", where there is more than one.
  package var correctionText: String {
    fairness.familySize > 1 ? " after correction for \(Figures.count(fairness.familySize)) comparisons" : ""
  }

  /// "significantly different from 0", or that it is not, and why not where the interval alone would say that it is.
  package func significanceText(_ comparison: PairedComparison) -> String {
    let p = comparison.adjustedPValue.value.map { "Holm \(Figures.pValue($0))" } ?? Figures.pValue(comparison.pValue)
    return "\(comparison.isSignificant ? "" : "not ")significantly different from 0\(correctionText) (\(p))"
  }

  /// "3 min 12 s of workers", or that there was no training.
  func costText(_ effect: RemedyEffect) -> String {
    effect.workerSeconds.map { "\(Quantities.duration($0)) of workers" } ?? "no training"
  }

  /// The loss of the group that is helped least, if it is significant.
  private func harmText(_ found: RemedyEffect.Differences) -> String {
    guard found.leastHelpedPValue < 0.05, found.leastHelped.estimate < 0 else { return "" }
    return "; \(found.leastHelped.groupText) loses by it, \(found.leastHelped.estimateText)"
  }
}

extension AuditReport {
  /// The first page of a report about remedies: which helped most in one sentence, then what each did and cost.
  var remediesOpening: HTML {
    guard let remedies else { return .empty }
    let leftOut = remedies.leftOut.map { left -> HTML in "<li>\(left.name) was left out: \(left.reason)</li>" }
    return """
      <section class="decision">
      <h1>\(name)</h1>
      <p class="subtitle">\(kindText) · \(Figures.count(counts.test, "test item", "test items")) · \
      \(Figures.count(remedies.remedies.count, "remedy", "remedies")) · \
      \(Figures.count(seeds.count, "seed", "seeds"))</p>
      <p class="verdict long">\(remedySentence)</p>
      <p class="note">Differences are remedy minus \(remedies.arm) on the same test items, in points of accuracy with \
      95 % intervals. One is significant when its p-value\(correctionText) is below .05.</p>
      \(remediesTable)
      \(leftOut.isEmpty ? .empty : "<ul class=\"note\">\(leftOut)</ul>" as HTML)
      </section>
      """
  }

  private var remediesTable: HTML {
    let rows = remedyEffects.map { effect -> HTML in
      let differences: HTML =
        effect.differences.map { found -> HTML in
          """
          <td>\(cell(found.inGroup))<small>\(significanceText(found.inGroup))</small></td><td>\(cell(found.overall))</td>\
          <td>\(cell(found.leastHelped))<small>\(found.leastHelped.groupText)</small></td>
          """
        } ?? "<td colspan=\"3\" class=\"quiet\">0: no prediction changes</td>"
      let memory = effect.peakBytes.map { "<small>\(Quantities.bytes(Double($0))) at most</small>" as HTML } ?? .empty
      return """
        <tr><th scope="row" class="text">\(armLabel(effect.remedy.name))</th>\
        <td class="text">\(effect.remedy.description)<small>\(trainingText(effect.remedy))</small></td>\(differences)\
        <td>\(Figures.points(effect.signedGapBefore)) → \(Figures.points(effect.signedGap))</td>\
        <td>\(costText(effect))\(memory)</td></tr>
        """
    }
    let group = remedies?.group.description ?? ""
    return Table.html(
      caption: "What was tried, what it does and what it cost: search, training and evaluation together.",
      head: Table.head(
        [
          "Remedy", "What it does", "In \(group)", "All items", "Least helped group",
          "Confidence minus accuracy in \(group), before → after", "Cost",
        ], textColumns: 2), body: rows.joined())
  }

  private func cell(_ comparison: PairedComparison) -> HTML {
    "\(Figures.points(comparison.estimate)) <span class=\"range\">\(Figures.points(comparison.interval))</span>"
  }

  /// "rank 16; 2,304 parameters, 3 epochs at a peak rate of 0.002, chosen by its search".
  private func trainingText(_ remedy: RemedyFindings.Remedy) -> String {
    guard let arm = description(of: remedy.name), let epochs = arm.epochs, let rate = arm.rate else { return "" }
    return (arm.rank.map { "rank \($0), " } ?? "") + "\(Figures.count(arm.trainableParameters)) trained parameters, "
      + "\(Figures.count(epochs, "epoch", "epochs")) at a peak rate of \(Quantities.rate(rate))"
      + (remedy.wasSearched ? ", chosen by its search" : "")
  }
}

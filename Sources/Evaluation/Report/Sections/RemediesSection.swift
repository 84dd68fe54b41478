import Metrics

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
      95 % intervals. One is told from 0 when its p-value\(correctionText) is below .05.</p>
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
          <td>\(cell(found.inGroup))<small>\(toldText(found.inGroup))</small></td><td>\(cell(found.overall))</td>\
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

import Metrics

extension AuditReport {
  /// Differences between the groups of each column.
  var gapsSection: Section {
    let columns = fairness.arms.first?.overSeeds.columns ?? []
    guard !columns.isEmpty else { return Section(anchor: "gaps", title: "Gaps between groups", body: .empty) }
    return Section(
      anchor: "gaps", title: "Gaps between groups",
      body: "<p class=\"note\">Exploratory: gaps are described, not decided upon.</p>\(gapsOverview)")
  }

  private var gapsOverview: HTML {
    var notes = Footnotes(prefix: "gaps")
    let columns = fairness.arms.first?.overSeeds.columns.indices ?? 0..<0
    let rows = columns.flatMap { column in
      fairness.arms.enumerated().map { index, arm -> HTML in
        let gaps = arm.overSeeds.columns[column]
        let name: HTML =
          index == 0
          ? "<th scope=\"rowgroup\" class=\"text\" rowspan=\"\(fairness.arms.count)\">\(gaps.column)</th>" : .empty
        return """
          <tr\(index == 0 ? " class=\"start\"" as HTML : .empty)>\(name)<td class="text">\(armLabel(arm.arm))</td>\
          <td>\(notes.cell(gaps.accuracySpread, spreadCell))</td>\
          <td>\(notes.cell(gaps.demographicParityDifference) { gapCell($0, namesRate: false) })</td>\
          <td>\(notes.cell(gaps.equalOpportunityDifference) { gapCell($0, namesRate: false) })</td>\
          <td>\(notes.cell(gaps.equalizedOddsDifference) { gapCell($0, namesRate: true) })</td></tr>
          """
      }
    }
    return Table.html(
      caption: """
        Highest minus lowest group, in points, averaged over seeds. The largest of several differences is above 0 even \
        where groups do not differ: beside each stand what it would be then and the p-value of a permutation of group \
        labels over clusters, for true and false positives among the positives and the negatives.
        """,
      head: Table.head(
        [
          "Column", "Arm", "Spread of accuracy", "Demographic parity difference", "Equal opportunity difference",
          "Equalized odds difference",
        ], textColumns: 2),
      body: rows.joined(), footnotes: notes)
  }

  private func spreadCell(_ spread: AccuracySpread) -> HTML {
    """
    \(Figures.percent(spread.value)) \(testText(spread.test))<small>\(spread.highest == spread.lowest ? "no gap" : "\(spread.highest) over \(spread.lowest)")</small>
    """
  }

  private func testText(_ test: SpreadTest) -> HTML {
    """
    <span class="range">(\(Figures.percent(test.expectedUnderNoDifference)) expected, \(Figures.pValue(test.pValue)))\
    </span>
    """
  }

  private func gapCell(_ gap: Gap, namesRate: Bool) -> HTML {
    let rate = namesRate ? gap.rate == .truePositiveRate ? ", true positives" : ", false positives" : ""
    let leftOut =
      gap.leftOut.isEmpty ? "" : "; without \(gap.leftOut.map { "\($0.value) (\($0.reason))" }.listed)"
    return
      "\(Figures.percent(gap.value)) \(testText(gap.test))<small>\(gap.highest) over \(gap.lowest)\(rate)\(leftOut)</small>"
  }
}

import Metrics

extension AuditReport {
  /// Accuracy and error rates of every arm in every group.
  var groupsSection: Section {
    Section(anchor: "groups", title: "Accuracy by group", body: "\(accuracyFigure)\(ratesTable)")
  }

  private var accuracyFigure: HTML {
    let panels = fairness.arms.map {
      GroupAccuracyPanels.Panel(
        arm: $0.arm, style: style(of: $0.arm), overall: $0.overSeeds.overall, groups: $0.overSeeds.groups)
    }
    guard panels.contains(where: { !$0.groups.isEmpty }) else { return .empty }
    return """
      <figure><figcaption>Accuracy of every group, in percent with its 95 % interval, averaged over seeds. The dashed \
      line is the arm’s accuracy over all items.</figcaption>\(GroupAccuracyPanels(panels: panels).html)</figure>
      """
  }

  private var ratesTable: HTML {
    var notes = Footnotes(prefix: "\(footnotePrefix)rates")
    let rates = fairness.arms.map { [$0.overSeeds.overall] + $0.overSeeds.groups }
    let inline = InlineDot(covering: rates.flatMap { $0 }.map(\.accuracy))
    let body = Table.groupedRows(
      zip(fairness.arms, rates).map { (armLabel($0.arm), $1) },
      names: (rates.first ?? []).map { group in
        let clusters = Figures.count(group.clusters, "cluster", "clusters")
        return Table.groupName(group.groupText, "n \(Figures.count(group.n)), \(clusters)")
      }
    ) { group, arm, row in
      let arm = fairness.arms[arm]
      let spread = row == 0 ? arm.seedSpread.overall : arm.seedSpread.groups[row - 1]
      return """
        <td class="inline-cell">\(inline.html(group.accuracy, style: style(of: arm.arm)))</td>\
        <td>\(Table.percent(group.accuracy))</td><td>\(spread.accuracy.seedText)</td>\
        <td>\(notes.cell(group.truePositiveRate, Table.percent))</td>\
        <td>\(notes.cell(group.falsePositiveRate, Table.percent))</td>\
        <td>\(notes.cell(group.selectionRate, Table.percent))</td>\
        <td>\(notes.cell(group.precision, Table.percent))</td>\
        <td>\(notes.cell(group.f1, Table.percent))</td>
        """
    }
    let positive = positiveClass.map { " Positive: “\($0)”." } ?? ""
    return Table.html(
      caption: """
        Percent with 95 % intervals, averaged over seeds; n counts items. Grid lines lie at \(inline.gridText). The \
        deviation over seeds is the standard deviation of accuracy in points.\(positive)
        """,
      head: Table.head(
        [
          "Group", "Arm", "", "Accuracy", "± over seeds", "True positive rate", "False positive rate", "Selection rate",
          "Precision", "F1",
        ],
        textColumns: 2),
      body: body, footnotes: notes)
  }
}

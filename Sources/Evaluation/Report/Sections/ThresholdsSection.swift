import Metrics
import Statistics

extension AuditReport {
  /// What another threshold than the model's own would do for each group.
  var thresholdsSection: Section {
    guard fairness.arms.contains(where: { $0.thresholds.value != nil }) else {
      return Section(anchor: "thresholds", title: "Thresholds", body: .empty)
    }
    return Section(
      anchor: "thresholds", title: "Thresholds",
      body: """
        <p class="note">Items count as “\(positiveClass ?? "positive")” from a probability on. Every threshold was chosen \
        on the validation items, and is shown with what it comes to on the test items. Exploratory: a remedy that costs \
        no training; a threshold of its own for each group needs the group to be known, and may need a lawyer.</p>\
        \(choicesTable)
        <figure><figcaption>True positive rate (solid) and false positive rate (dashed) of every group by threshold, in \
        percent, on the test items, averaged over seeds.</figcaption></figure>
        \(fairness.arms.map(sweeps))
        """)
  }

  private func sweeps(_ arm: ArmEvaluation) -> HTML {
    guard let sweeps = arm.thresholds.value?.sweeps else { return .empty }
    let charts = sweeps.map { ThresholdCurves(sweep: $0, style: style(of: arm.arm)).html }
    return "<h3>\(armLabel(arm.arm))</h3><div class=\"multiples reliability\">\(charts)</div>"
  }

  private var choicesTable: HTML {
    var notes = Footnotes(prefix: "thresholds")
    let groups: [GroupName?] = [nil] + (fairness.arms.first?.overSeeds.groups.map(\.group) ?? [])
    let rows = groups.enumerated().flatMap { row, group in
      fairness.arms.enumerated().map { index, arm -> HTML in
        let rates = row == 0 ? arm.overSeeds.overall : arm.overSeeds.groups[row - 1]
        let name: HTML =
          index == 0
          ? """
          <th scope="rowgroup" class="text" rowspan="\(fairness.arms.count)">\(group?.description ?? "all items")</th>
          """ : .empty
        let cells = ThresholdRule.allCases.map { rule -> HTML in
          guard let choice = arm.thresholds.value?.choices.first(where: { $0.rule == rule && $0.group == group })
          else { return "<td>–</td>" }
          return "<td>\(notes.cell(choice.chosen, chosenCell))</td>"
        }
        return """
          <tr\(index == 0 ? " class=\"start\"" as HTML : .empty)>\(name)<td class="text">\(armLabel(arm.arm))</td>\
          <td>\(ratesText(rates))</td>\(cells)</tr>
          """
      }
    }
    return Table.html(
      caption: """
        Accuracy, then true and false positive rate, in percent. “Common” is one threshold for everybody, of the highest \
        accuracy; “own” is the group’s, of the highest accuracy in it; “equal opportunity” is the highest one at which \
        the group’s true positive rate reaches that of all items (Hardt et al. 2016). Intervals are in \
        tables/thresholds.csv.
        """,
      head: Table.head(
        ["Group", "Arm", "As the model says", "Common", "Own", "Equal opportunity"], textColumns: 2),
      body: rows.joined(), footnotes: notes)
  }

  private func chosenCell(_ chosen: ChosenThreshold.Chosen) -> HTML {
    "\(ratesText(chosen.rates))<small>threshold \(Figures.fixed(chosen.meanThreshold, digits: 2))</small>"
  }

  private func ratesText(_ rates: GroupRates) -> String {
    let others = [rates.truePositiveRate, rates.falsePositiveRate].map {
      $0.value.map { Figures.percent($0.value) } ?? "–"
    }
    return "\(Figures.percent(rates.accuracy.value)); \(others.joined(separator: ", "))"
  }
}

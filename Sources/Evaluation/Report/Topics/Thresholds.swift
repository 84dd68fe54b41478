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
        on the validation items, and is shown with its effect on the test items. Exploratory: a remedy that costs \
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
        Accuracy, then true and false positive rate, in percent. “Common” is one threshold for all items, of the highest \
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

/// True and false positive rate of one arm in one group by threshold.
struct ThresholdCurves {
  var sweep: ThresholdSweep
  var style: ArmStyle

  private static let (width, height) = (170.0, 190.0)
  private static let (left, right, top, bottom) = (30.0, 158.0, 22.0, 158.0)

  var html: HTML {
    let x = LinearScale(sharesFrom: 0, from: Self.left, to: Self.right)
    let y = LinearScale(from: Self.bottom, to: Self.top)
    let title = sweep.group?.description ?? "all items"
    func line(_ rate: (ThresholdSweep.Point) -> Double?, _ kind: String) -> HTML {
      let points = sweep.points.compactMap { point in
        rate(point).map { (x.position(point.threshold), y.position($0)) }
      }
      return Marks.line(points, class: "curve thin \(kind)\(style.className)")
    }
    let labels = x.ticks.map { tick -> HTML in
      """
      <text class="tick" x="\(x.position(tick))" y="\(Self.bottom + 14)" \
      text-anchor="middle">\(Figures.fixed(tick * 100, digits: 0))</text>
      """
    }
    return Axes.drawing(
      width: Self.width, height: Self.height, title: "Rates by threshold, \(title)",
      """
      <text class="panel" x="\(Self.left)" y="12">\(title.shortened(to: 20))</text>\
      \(Axes.vertical(y, left: Self.left, right: Self.right) { Figures.fixed($0 * 100, digits: 0) })\
      \(line({ $0.truePositiveRate.value }, ""))\(line({ $0.falsePositiveRate.value }, "dashed "))\(labels)\
      <text class="axis" x="\((Self.left + Self.right) / 2)" y="\(Self.bottom + 28)" \
      text-anchor="middle">threshold</text>
      """)
  }
}

extension AuditReport {
  /// One row for every arm, rule and group: the threshold chosen on validation items, and what it comes to.
  func thresholdsTable() -> CommaSeparatedTable {
    let parts = ["", "lower", "upper", "effective_n"]
    var table = CommaSeparatedTable(
      header: ["arm", "rule", "column", "group", "threshold_undefined", "mean_threshold", "n", "accuracy"]
        + ["accuracy_lower", "accuracy_upper", "accuracy_effective_n"]
        + ["true_positive_rate", "false_positive_rate", "selection_rate", "precision"].flatMap {
          Field.header($0, parts)
        } + Field.header("f1", ["", "lower", "upper"]))
    let width = table.header.count - 5
    for arm in fairness.arms {
      for choice in arm.thresholds.value?.choices ?? [] {
        let start = [arm.arm, choice.rule.rawValue] + Field.group(choice.group)
        switch choice.chosen {
        case .value(let chosen):
          table.append(start + ["", Field.number(chosen.meanThreshold), String(chosen.rates.n)] + chosen.rates.shares)
        case .undefined(let reason, _): table.append(start + [reason] + Array(repeating: "", count: width))
        }
      }
    }
    return table
  }

  /// One row for every arm, group and threshold.
  func thresholdSweepTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "column", "group", "threshold", "accuracy", "selection_rate", "true_positive_rate"]
        + ["false_positive_rate"])
    for arm in fairness.arms {
      for sweep in arm.thresholds.value?.sweeps ?? [] {
        for point in sweep.points {
          table.append(
            [arm.arm] + Field.group(sweep.group)
              + [point.threshold, point.accuracy, point.selectionRate].map(Field.number)
              + [point.truePositiveRate, point.falsePositiveRate].map { $0.value.map(Field.number) ?? "" })
        }
      }
    }
    return table
  }
}

extension ChosenThreshold.Chosen {
  /// Over runs.
  var meanThreshold: Double { thresholds.reduce(0, +) / Double(max(1, thresholds.count)) }
}

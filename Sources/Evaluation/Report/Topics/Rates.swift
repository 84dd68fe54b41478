import Metrics
import Statistics

extension AuditReport {
  /// Accuracy and error rates of every arm in every group.
  var groupsSection: Section {
    Section(anchor: "groups", title: "Accuracy by group", body: "\(accuracyFigure)\(ratesTable)\(tiesParagraph)")
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

/// A proportion as a dot on its interval, small enough for a table's cell; all of one table share the scale.
struct InlineDot {
  let scale: LinearScale

  private static let width = 150.0
  private static let height = 16.0

  init(covering proportions: [Proportion]) {
    scale = LinearScale(
      covering: proportions.flatMap { [$0.interval.lower, $0.interval.upper] }, within: 0...1, minimumSpan: 0.1,
      from: 4, to: Self.width - 4, tickCount: 4, endsOnTicks: false)
  }

  func html(_ proportion: Proportion, style: ArmStyle) -> HTML {
    let grid = scale.ticks.map { tick -> HTML in
      "<line class=\"grid\" x1=\"\(scale.position(tick))\" x2=\"\(scale.position(tick))\" y1=\"0\" y2=\"16\"/>"
    }
    return """
      <svg class="inline" viewBox="0 0 \(Self.width) \(Self.height)" aria-hidden="true">\(grid)\
      \(Marks.whisker(proportion.interval, on: scale, y: 8, style: style))\
      \(Marks.point(x: scale.position(proportion.value), y: 8, style: style, size: 3.6))</svg>
      """
  }

  /// "60, 80 and 100 %".
  var gridText: String { scale.ticks.map(Axes.percentLabel(scale)).listed + " %" }
}

/// Accuracy of every group in one panel per arm, on one scale, so that a disadvantaged group stands out.
struct GroupAccuracyPanels {
  struct Panel {
    var arm: String
    var style: ArmStyle
    var overall: GroupRates
    var groups: [GroupRates]
  }

  var panels: [Panel]

  private static let rowHeight = 24.0
  private static let labelWidth = 190.0
  private static let pageWidth = 1_040.0
  private static let columns = 4

  var html: HTML {
    let names = panels.first?.groups.map { $0.group?.description ?? "all items" } ?? []
    let columns = min(Self.columns, max(1, panels.count))
    let width = (Self.pageWidth - Self.labelWidth) / Double(max(2, columns))
    let panelHeight = 34 + Self.rowHeight * Double(names.count) + 46
    let rows = (panels.count + columns - 1) / columns
    let drawn = panels.enumerated().map { index, panel -> HTML in
      let row = Double(index / columns)
      let top = row * panelHeight
      let left = Self.labelWidth + Double(index % columns) * width
      let labels = index % columns == 0 ? rowLabels(names, counts: panel.groups.map(\.n), top: top) : .empty
      return labels + self.panel(panel, left: left, top: top, width: width - 24, rows: names.count)
    }
    return Axes.drawing(
      width: Self.pageWidth, height: Double(rows) * panelHeight, title: "Accuracy by group and arm", drawn.joined())
  }

  private func rowLabels(_ names: [String], counts: [Int], top: Double) -> HTML {
    zip(names, counts).enumerated().map { row, name -> HTML in
      """
      <text class="label" x="\(Self.labelWidth - 20)" y="\(rowMiddle(row, top: top) + 4)" \
      text-anchor="end">\(name.0.shortened(to: 20)) <tspan class="quiet">n \(Figures.count(name.1))</tspan></text>
      """
    }.joined()
  }

  private func rowMiddle(_ row: Int, top: Double) -> Double { top + 34 + Self.rowHeight * (Double(row) + 0.5) }

  private func panel(_ panel: Panel, left: Double, top: Double, width: Double, rows: Int) -> HTML {
    let all = panels.flatMap { [$0.overall] + $0.groups }.flatMap {
      [$0.accuracy.interval.lower, $0.accuracy.interval.upper]
    }
    let scale = LinearScale(
      covering: all, within: 0...1, minimumSpan: 0.1, from: left + 6, to: left + width - 6, tickCount: 4,
      endsOnTicks: false)
    let bottom = top + 34 + Self.rowHeight * Double(rows)
    let overall = scale.position(panel.overall.accuracy.value)
    let dots = panel.groups.enumerated().map { row, rates -> HTML in
      let y = rowMiddle(row, top: top)
      return Marks.whisker(rates.accuracy.interval, on: scale, y: y, style: panel.style)
        + Marks.point(x: scale.position(rates.accuracy.value), y: y, style: panel.style, size: 4.5)
    }
    return """
      <text class="direct \(panel.style.className)" x="\(left + 6)" \
      y="\(top + 18)">\(panel.arm.shortened(to: 22))</text>\
      \(Axes.horizontal(scale, top: top + 30, bottom: bottom, title: "", label: Axes.percentLabel(scale)))\
      <line class="reference" x1="\(overall)" x2="\(overall)" y1="\(top + 30)" y2="\(bottom)"/>\(dots)
      """
  }
}

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

extension AuditReport {
  /// One row for every arm, every seed (none for an external adapter) and `all` seeds together, all items and every
  /// group.
  func groupsTable() -> CommaSeparatedTable {
    let parts = ["", "lower", "upper", "effective_n"]
    var table = CommaSeparatedTable(
      header: ["arm", "seed", "column", "group", "n", "clusters", "positives", "negatives", "positives_undefined"]
        + ["accuracy", "accuracy_lower", "accuracy_upper", "accuracy_effective_n"]
        + ["true_positive_rate", "false_positive_rate", "selection_rate", "precision"].flatMap {
          Field.header($0, parts)
        } + Field.header("f1", ["", "lower", "upper"]))
    for arm in fairness.arms {
      for (seed, rates) in arm.seeds.map({ ($0.seed.map { String($0) } ?? "", $0.rates) }) + [("all", arm.overSeeds)] {
        for group in [rates.overall] + rates.groups {
          table.append([arm.arm, seed] + Field.group(group.group) + group.fields)
        }
      }
    }
    return table
  }

  /// One row for every arm, class, all items and every group; where there are no rates of classes, one row with the
  /// reason.
  func classesTable() -> CommaSeparatedTable {
    let parts = ["", "lower", "upper", "effective_n"]
    var table = CommaSeparatedTable(
      header: ["arm", "class", "class_undefined", "column", "group", "n", "positives"]
        + ["true_positive_rate", "false_positive_rate", "selection_rate", "precision"].flatMap {
          Field.header($0, parts)
        } + Field.header("f1", ["", "lower", "upper"]))
    for arm in fairness.arms {
      if let reason = arm.classes.reason {
        table.append([arm.arm, "", reason] + [String](repeating: "", count: table.header.count - 3))
      }
      for rates in arm.classes.value ?? [] {
        for group in [rates.overall] + rates.groups {
          table.append(
            [arm.arm, rates.name, ""] + Field.group(group.group)
              + [String(group.n), group.positives.value.map { String($0) } ?? ""] + group.ratesOfPositives)
        }
      }
    }
    return table
  }

  /// One row for every arm, seed (or `all`), column of groups and kind of gap.
  func gapsTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "seed", "column", "gap", "value", "rate", "highest", "lowest", "left_out"]
        + ["left_out_reasons", "expected_under_no_difference", "p_value", "gap_undefined"])
    for arm in fairness.arms {
      for (seed, rates) in arm.seeds.map({ ($0.seed.map { String($0) } ?? "", $0.rates) }) + [("all", arm.overSeeds)] {
        for column in rates.columns {
          for (name, fields) in column.rows { table.append([arm.arm, seed, column.column, name] + fields) }
        }
      }
    }
    return table
  }
}

extension GroupRates {
  fileprivate var fields: [String] {
    [String(n), String(clusters), positives.value.map { String($0) } ?? "", negatives.value.map { String($0) } ?? ""]
      + [positives.reason ?? negatives.reason ?? ""] + shares
  }

  /// Accuracy, then the rates of positives.
  var shares: [String] { accuracy.fields + ratesOfPositives }

  fileprivate var ratesOfPositives: [String] {
    [truePositiveRate, falsePositiveRate, selectionRate, precision].flatMap { Field.measured($0, 4, \.fields) }
      + Field.estimate(f1)
  }
}

extension Proportion {
  fileprivate var fields: [String] {
    [Field.number(value)] + Field.interval(interval) + [Field.number(effectiveN)]
  }
}

extension Measured {
  /// Why there is no figure.
  var reason: String? {
    switch self {
    case .value: nil
    case .undefined(let reason, _): reason
    }
  }
}

extension ColumnGaps {
  fileprivate var rows: [(name: String, fields: [String])] {
    func fields(_ gap: Measured<Gap>) -> [String] {
      Field.measured(gap, 8) {
        [Field.number($0.value), $0.rate.rawValue, $0.highest, $0.lowest]
          + [$0.leftOut.map(\.value).joined(separator: ";"), $0.leftOut.map(\.reason).joined(separator: ";")]
          + [Field.number($0.test.expectedUnderNoDifference), Field.number($0.test.pValue)]
      }
    }
    let spread = Field.measured(accuracySpread, 8) {
      [Field.number($0.value), "accuracy", $0.highest, $0.lowest, "", ""]
        + [Field.number($0.test.expectedUnderNoDifference), Field.number($0.test.pValue)]
    }
    return [
      ("demographic_parity_difference", fields(demographicParityDifference)),
      ("equal_opportunity_difference", fields(equalOpportunityDifference)),
      ("equalized_odds_difference", fields(equalizedOddsDifference)),
      ("accuracy_spread", spread),
    ]
  }
}

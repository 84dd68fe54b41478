import Metrics
import Statistics

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

/// Accuracy of every group in one panel an arm, on one scale, so that a group that falls behind stands out.
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

import Metrics

/// Paired differences by group: estimate, interval, the margin, and the verdict in words.
struct ForestPlot {
  struct Row {
    var comparison: PairedComparison
    var verdict: String
  }

  var rows: [Row]
  var style: ArmStyle
  /// nil where none was agreed.
  var margin: Double?
  /// What all forest plots of a page cover, so that they can be compared.
  var extent: [Double]

  private static let (width, left, right) = (1_040.0, 206.0, 486.0)
  private static let rowHeight = 25.0

  var html: HTML {
    let scale = LinearScale(
      covering: extent + [0, -(margin ?? 0)], within: -1...1, minimumSpan: 0.02, from: Self.left, to: Self.right,
      tickCount: 7, endsOnTicks: false)
    let top = 22.0
    let bottom = top + Self.rowHeight * Double(rows.count) + 4
    let digits = scale.step < 0.0099 ? 1 : 0
    let axis = Axes.horizontal(
      scale, top: top, bottom: bottom, title: "difference of accuracy in points",
      label: {
        let text = Figures.fixed($0 * 100, digits: digits)
        return $0 > 0 && text != "0" ? "+" + text : text
      })
    let zero = scale.position(0)
    var (beyond, line): (HTML, HTML) = (.empty, .empty)
    if let limit = margin.map({ scale.position(-$0) }) {
      beyond = """
        <rect class="beyond" x="\(Self.left)" y="\(top)" width="\(limit - Self.left)" height="\(bottom - top)"/>
        """
      line = """
        <line class="limit" x1="\(limit)" x2="\(limit)" y1="\(top)" y2="\(bottom)"/>\
        <text class="tick" x="\(limit)" y="\(top - 7)" text-anchor="middle">margin</text>
        """
    }
    let drawn = rows.enumerated().map { index, row -> HTML in
      self.row(row, y: top + Self.rowHeight * (Double(index) + 0.5) + 2, scale: scale)
    }
    return Axes.drawing(
      width: Self.width, height: bottom + 42, title: "Paired differences by group",
      """
      \(beyond)\(axis)\
      <line class="zero" x1="\(zero)" x2="\(zero)" y1="\(top)" y2="\(bottom)"/>\
      \(line)\(drawn)
      """)
  }

  private func row(_ row: Row, y: Double, scale: LinearScale) -> HTML {
    let comparison = row.comparison
    return """
      <text class="label" x="\(Self.left - 16)" y="\(y + 4)" \
      text-anchor="end">\(comparison.groupText.shortened(to: 22)) \
      <tspan class="quiet">n \(Figures.count(comparison.n))</tspan></text>\
      \(Marks.whisker(comparison.interval, on: scale, y: y, style: style))\
      \(Marks.point(x: scale.position(comparison.estimate), y: y, style: style, size: 4.5))\
      <text class="figure" x="\(Self.right + 56)" y="\(y + 4)" text-anchor="end">\(Figures.points(comparison.estimate))\
      </text>\
      <text class="figure quiet" x="\(Self.right + 63)" y="\(y + 4)">\(Figures.points(comparison.interval))</text>\
      <text class="label" x="\(Self.right + 172)" y="\(y + 4)">\(row.verdict)</text>
      """
  }
}

import Metrics
import Statistics

/// Accuracy against confidence by bin for one arm and one group, with the counts of the bins below.
struct ReliabilityDiagram {
  var calibration: CalibrationEvaluation
  var style: ArmStyle
  /// The confidence that a guess among the classes has: none is lower.
  var lowestConfidence: Double

  private static let (width, height) = (170.0, 212.0)
  private static let (left, right, top, bottom) = (30.0, 158.0, 22.0, 162.0)
  private static let (countTop, countBottom) = (170.0, 196.0)

  var html: HTML {
    let x = LinearScale(sharesFrom: lowestConfidence, from: Self.left, to: Self.right)
    let y = LinearScale(from: Self.bottom, to: Self.top)
    let title = calibration.group?.description ?? "all items"
    let bins = calibration.reliability.filter { $0.count > 0 }
    let most = Double(max(1, bins.map(\.count).max() ?? 1))
    let counts = bins.map { bin -> HTML in
      let (start, end) = (x.position(bin.lower), x.position(bin.upper))
      let height = (Self.countBottom - Self.countTop) * Double(bin.count) / most
      return """
        <rect class="count" x="\(start + 0.5)" y="\(Self.countBottom - height)" \
        width="\(max(0.5, end - start - 1))" height="\(height)"/>
        """
    }
    let points = bins.compactMap { bin -> (x: Double, y: Double, interval: Interval?)? in
      guard let confidence = bin.meanConfidence.value, let accuracy = bin.accuracy.value,
        confidence.isFinite, accuracy.value.isFinite
      else { return nil }
      return (x.position(confidence), y.position(accuracy.value), accuracy.interval.value)
    }
    let marks = points.map { point -> HTML in
      let whisker: HTML =
        if let interval = point.interval {
          """
          <line class="whisker thin \(style.className)" x1="\(point.x)" x2="\(point.x)" \
          y1="\(y.position(interval.lower))" y2="\(y.position(interval.upper))"/>
          """
        } else {
          .empty
        }
      return whisker + Marks.point(x: point.x, y: point.y, style: style, size: 2.8)
    }
    return Axes.drawing(
      width: Self.width, height: Self.height, title: "Reliability, \(title)",
      """
      <text class="panel" x="\(Self.left)" y="12">\(title.shortened(to: 13)) <tspan class="quiet">n \
      \(Figures.count(calibration.n))</tspan></text>\
      \(Axes.vertical(y, left: Self.left, right: Self.right) { Figures.fixed($0 * 100, digits: 0) })\
      <line class="diagonal" x1="\(Self.left)" y1="\(y.position(x.domain.lowerBound))" \
      x2="\(Self.right)" y2="\(Self.top)"/>\
      \(Marks.line(points.map { ($0.x, $0.y) }, class: "curve thin \(style.className)"))\(marks)\(counts)\
      \(tickLabels(x))
      """)
  }

  private func tickLabels(_ x: LinearScale) -> HTML {
    x.ticks.map { tick -> HTML in
      """
      <text class="tick" x="\(x.position(tick))" y="\(Self.countBottom + 13)" \
      text-anchor="middle">\(Figures.fixed(tick * 100, digits: 0))</text>
      """
    }.joined()
  }
}

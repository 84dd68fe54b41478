import Metrics
import Statistics

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

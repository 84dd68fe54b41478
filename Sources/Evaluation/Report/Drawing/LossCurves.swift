/// Mean training loss by epoch for the runs of one arm: a line a seed, shadow models thin behind them.
struct LossCurves {
  var arm: String
  var style: ArmStyle
  var runs: [RunLosses]
  /// The losses and the number of epochs that all panels cover.
  var extent: [Double]
  var epochs: Int

  private static let (width, height) = (248.0, 178.0)
  private static let (left, right, top, bottom) = (38.0, 240.0, 26.0, 142.0)

  var html: HTML {
    let y = LinearScale(
      covering: extent + [0], within: 0...Double.greatestFiniteMagnitude, minimumSpan: 1e-6, from: Self.bottom,
      to: Self.top, tickCount: 3)
    let step = Double(max(1, epochs - 1))
    func x(_ epoch: Int) -> Double { Self.left + 6 + (Self.right - Self.left - 12) * Double(epoch) / step }
    let digits = y.step < 0.0099 ? 3 : y.step < 0.099 ? 2 : y.step < 0.99 ? 1 : 0
    let lines = (runs.filter { $0.seed == nil } + runs.filter { $0.seed != nil }).map { run -> HTML in
      let points = run.epochs.enumerated().filter { $0.element.isFinite }.map { (x($0.offset), y.position($0.element)) }
      let isShadow = run.seed == nil
      let line = Marks.line(points, class: "curve thin \(isShadow ? "shadow" : style.className)")
      guard !isShadow else { return line }
      return line + points.map { Marks.point(x: $0.0, y: $0.1, style: style, size: 2.4) }.joined()
    }
    let ends = epochs > 1 ? [0, epochs - 1] : [0]
    let labels = ends.map { epoch -> HTML in
      "<text class=\"tick\" x=\"\(x(epoch))\" y=\"\(Self.bottom + 16)\" text-anchor=\"middle\">\(epoch + 1)</text>"
    }
    return Axes.drawing(
      width: Self.width, height: Self.height, title: "Training loss of \(arm)",
      """
      <text class="direct \(style.className)" x="\(Self.left)" y="14">\(arm.shortened(to: 24))</text>\
      \(Axes.vertical(y, left: Self.left, right: Self.right) { Figures.fixed($0, digits: digits) })\(lines)\(labels)\
      <text class="axis" x="\((Self.left + Self.right) / 2)" y="\(Self.bottom + 32)" text-anchor="middle">epoch</text>
      """)
  }
}

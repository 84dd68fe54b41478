import Metrics
import Statistics

/// Training cost against the figure of the decision in the worst group, one point an arm with its label beside it.
struct CostScatter {
  struct Point {
    var arm: String
    var style: ArmStyle
    var seconds: Double
    var group: String
    var figure: Estimate

    /// What the whisker reaches over: the point alone where there is no interval.
    fileprivate var bounds: Interval {
      figure.interval.value ?? Interval(lower: figure.value, upper: figure.value)
    }
  }

  /// What the figure is.
  var name: String
  /// Those with a cost that is finite and positive.
  var points: [Point]

  private static let width = 1_040.0
  private static let height = 350.0
  private static let (left, right, top, bottom) = (52.0, 1_004.0, 14.0, 298.0)

  var html: HTML {
    let shares = points.flatMap { [$0.bounds.lower, $0.bounds.upper, $0.figure.value] }
    let y = LinearScale(
      covering: shares, within: 0...1, minimumSpan: 0.05, from: Self.bottom, to: Self.top)
    let least = points.map(\.seconds).min() ?? 1
    let most = points.map(\.seconds).max() ?? 1
    let vertical = Axes.vertical(y, left: Self.left, right: Self.right, label: Axes.percentLabel(y))
    let isLogarithmic = most > 10 * least
    let content =
      if isLogarithmic {
        content(LogarithmicScale(least / 1.5...most * 1.8, from: Self.left, to: Self.right), y: y, isLogarithmic)
      } else {
        content(
          LinearScale(
            covering: [0, most * 1.12], within: 0...Double.greatestFiniteMagnitude, minimumSpan: 1e-6,
            from: Self.left, to: Self.right), y: y, isLogarithmic)
      }
    return Axes.drawing(
      width: Self.width, height: Self.height, title: "Training time against \(name) in the worst group",
      vertical + content)
  }

  private func content(_ x: some Scale, y: LinearScale, _ isLogarithmic: Bool) -> HTML {
    let title = "wall-clock time of training" + (isLogarithmic ? ", on a logarithmic axis" : "")
    let axis = Axes.horizontal(x, top: Self.top, bottom: Self.bottom, title: title, label: Self.timeLabel)
    var placed = LabelPlacement(width: Self.right, top: Self.top, bottom: Self.bottom)
    let positions = points.map { (x: x.position($0.seconds), y: y.position($0.figure.value)) }
    for (point, position) in zip(points, positions) {
      let interval = point.bounds
      placed.block(
        x: position.x - 7...position.x + 7,
        y: y.position(
          interval.upper)...max(
            y.position(interval.upper), y.position(interval.lower)))
    }
    let marks = zip(points, positions).map { point, position -> HTML in
      let interval = point.bounds
      let label = placed.place(
        near: position, width: 7.4 * Double(min(30, max(point.arm.count, point.group.count))) + 4)
      let anchor = label.isAtRight ? "start" : "end"
      return """
        <line class="whisker \(point.style.className)" x1="\(position.x)" x2="\(position.x)" \
        y1="\(y.position(interval.lower))" y2="\(y.position(interval.upper))"/>\
        \(Marks.point(x: position.x, y: position.y, style: point.style, size: 6))\
        <text class="direct \(point.style.className)" x="\(label.x)" y="\(label.y)" \
        text-anchor="\(anchor)">\(point.arm.shortened(to: 30))</text>\
        <text class="tick" x="\(label.x)" y="\(label.y + 15)" \
        text-anchor="\(anchor)">\(point.group.shortened(to: 30))</text>
        """
    }
    return "\(axis)\(marks)"
  }

  private static func timeLabel(_ seconds: Double) -> String {
    if seconds == 0 { return "0" }
    if seconds < 60 { return "\(Figures.margin(seconds / 100)) s" }
    let text = Quantities.duration(seconds)
    return text.hasSuffix(" 00 s") || text.hasSuffix(" 00 min")
      ? String(text.dropLast(text.hasSuffix("s") ? 5 : 7)) : text
  }
}

/// Finds a free place for a two-line label beside its point.
private struct LabelPlacement {
  private var taken: [(x: ClosedRange<Double>, y: ClosedRange<Double>)] = []
  private let width: Double
  private let top: Double
  private let bottom: Double

  init(width: Double, top: Double, bottom: Double) {
    self.width = width
    self.top = top
    self.bottom = bottom
  }

  mutating func block(x: ClosedRange<Double>, y: ClosedRange<Double>) {
    taken.append((x, y))
  }

  /// The baseline of the first line: at the right when there is room, else at the left, else above or below those.
  mutating func place(
    near point: (x: Double, y: Double), width labelWidth: Double
  ) -> (x: Double, y: Double, isAtRight: Bool) {
    let offsets = [0.0, -22, 22, -44, 44, -66, 66]
    var choice = (x: point.x + 12, y: point.y, isAtRight: point.x + 12 + labelWidth <= width)
    if !choice.isAtRight { choice.x = point.x - 12 }
    search: for offset in offsets {
      for isAtRight in [true, false] {
        let x = isAtRight ? point.x + 12 : point.x - 12
        let extent = isAtRight ? x...x + labelWidth : x - labelWidth...x
        let lines = point.y + offset - 14...point.y + offset + 18
        let isInside = extent.lowerBound >= 0 && extent.upperBound <= width
        let isFree = !taken.contains { $0.x.overlaps(extent) && $0.y.overlaps(lines) }
        guard isInside, isFree, lines.lowerBound >= top - 10, lines.upperBound <= bottom + 4 else { continue }
        choice = (x, point.y + offset, isAtRight)
        break search
      }
    }
    let extent = choice.isAtRight ? choice.x...choice.x + labelWidth : choice.x - labelWidth...choice.x
    block(x: extent, y: choice.y - 14...choice.y + 18)
    return choice
  }
}

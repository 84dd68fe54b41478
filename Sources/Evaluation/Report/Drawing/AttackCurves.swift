import MembershipInference

/// Receiver operating characteristics of one attack against every arm, on logarithmic axes, with the diagonal of a
/// guess.
struct AttackCurves {
  struct Curve {
    var arm: String
    var style: ArmStyle
    /// The area under it, in words.
    var area: String
    var points: [CurvePoint]
  }

  var title: String
  var curves: [Curve]

  private static let (width, height) = (508.0, 420.0)
  private static let (left, right, top, bottom) = (58.0, 488.0, 30.0, 366.0)
  private static let floor = 0.001

  var html: HTML {
    let x = LogarithmicScale(Self.floor...1, from: Self.left, to: Self.right)
    let y = LogarithmicScale(Self.floor...1, from: Self.bottom, to: Self.top)
    let lines = curves.map { curve -> HTML in
      Marks.line(
        visible(curve).map { (x.position($0.falsePositiveRate), y.position($0.truePositiveRate)) },
        class: "curve \(curve.style.className)")
    }
    return Axes.drawing(
      width: Self.width, height: Self.height, title: title,
      """
      <text class="direct" x="\(Self.left)" y="16">\(title)</text>\
      \(Axes.vertical(y, left: Self.left, right: Self.right, label: Self.label))\
      \(Axes.horizontal(x, top: Self.top, bottom: Self.bottom, title: "false positive rate", label: Self.label))\
      <text class="axis" transform="translate(14 \((Self.top + Self.bottom) / 2)) rotate(-90)" \
      text-anchor="middle">true positive rate</text>\
      <line class="diagonal" x1="\(Self.left)" y1="\(Self.bottom)" x2="\(Self.right)" y2="\(Self.top)"/>\
      \(lines)\(labels)
      """)
  }

  /// On logarithmic axes a rate of 0 has no place.
  private func visible(_ curve: Curve) -> [CurvePoint] {
    curve.points.filter { $0.falsePositiveRate >= Self.floor * 0.999 && $0.truePositiveRate > 0 }
  }

  /// The arms' names below the diagonal, in the order of the curves' heights at 1 % or as near to it as they go.
  private var labels: HTML {
    let heights = curves.map { curve in
      visible(curve).first { $0.falsePositiveRate >= 0.0099 }?.truePositiveRate ?? 0
    }
    let order = curves.indices.sorted { (-heights[$0], $0) < (-heights[$1], $1) }
    return order.enumerated().map { row, index -> HTML in
      let y = Self.bottom - 14 - 19 * Double(order.count - 1 - row)
      return """
        <text class="direct \(curves[index].style.className)" x="\(Self.right - 12)" y="\(y)" \
        text-anchor="end">\(curves[index].arm.shortened(to: 24)) \
        <tspan class="quiet">\(curves[index].area)</tspan></text>
        """
    }.joined()
  }

  private static func label(_ rate: Double) -> String { "\(Figures.margin(rate)) %" }
}

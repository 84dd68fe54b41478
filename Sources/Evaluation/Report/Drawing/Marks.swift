import Metrics
import Statistics

/// How one arm looks in every drawing and table: a colour and a shape, so that it is known without colour too.
struct ArmStyle: Equatable, Sendable {
  enum Shape: Equatable, Sendable {
    case ring
    case disc
    case square
  }

  /// The class that sets the colour.
  var className: String
  var shape: Shape

  static let unknown = ArmStyle(className: "arm-other", shape: .disc)

  /// The arm's name behind its mark, in its colour.
  static func label(_ arm: String, style: ArmStyle) -> HTML {
    """
    <span class="arm \(style.className)"><svg viewBox="0 0 10 10" class="key">\
    \(Marks.point(x: 5, y: 5, style: style, size: 3.4))</svg>\(arm)</span>
    """
  }
}

extension AuditReport {
  /// The base is a grey ring, full fine-tuning a square in the colour of text, every LoRA arm a disc in a hue, or a
  /// ring where it was trained elsewhere.
  func style(of arm: String) -> ArmStyle {
    let hues = 5
    switch description(of: arm)?.kind {
    case .head, .base: return ArmStyle(className: "arm-base", shape: .ring)
    case .full: return ArmStyle(className: "arm-full", shape: .square)
    case .lora, .adapter, .derived, .external:
      let adapted = arms.filter { [.lora, .adapter, .derived, .external].contains($0.kind) }
      let number = adapted.firstIndex { $0.name == arm } ?? 0
      let isFromElsewhere = description(of: arm)?.kind == .adapter
      return ArmStyle(className: "arm-lora-\(number % hues)", shape: isFromElsewhere ? .ring : .disc)
    case nil: return .unknown
    }
  }

  /// The arm's name behind its mark, in its colour.
  func armLabel(_ arm: String) -> HTML { ArmStyle.label(arm, style: style(of: arm)) }
}

/// Points and whiskers.
enum Marks {
  static func point(x: Double, y: Double, style: ArmStyle, size: Double) -> HTML {
    switch style.shape {
    case .ring:
      "<circle class=\"ring \(style.className)\" cx=\"\(x)\" cy=\"\(y)\" r=\"\(size - 0.5)\"/>"
    case .disc: "<circle class=\"mark \(style.className)\" cx=\"\(x)\" cy=\"\(y)\" r=\"\(size)\"/>"
    case .square:
      """
      <rect class="mark \(style.className)" x="\(x - size * 0.92)" y="\(y - size * 0.92)" \
      width="\(size * 1.84)" height="\(size * 1.84)"/>
      """
    }
  }

  /// A horizontal whisker without caps.
  static func whisker(_ interval: Interval, on scale: some Scale, y: Double, style: ArmStyle) -> HTML {
    let (left, right) = (scale.position(interval.lower), scale.position(interval.upper))
    return "<line class=\"whisker \(style.className)\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(y)\" y2=\"\(y)\"/>"
  }

  /// A polyline through points; nothing for fewer than two.
  static func line(_ points: [(x: Double, y: Double)], class name: String) -> HTML {
    guard points.count > 1 else { return .empty }
    let coordinates = points.map { point -> HTML in "\(point.x),\(point.y)" }.joined(by: " ")
    return "<polyline class=\"\(name)\" points=\"\(coordinates)\"/>"
  }
}

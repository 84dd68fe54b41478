import Foundation
import Metrics
import Statistics

/// Axes, grid lines and frames of drawings.
enum Axes {
  /// Vertical grid lines with labels below them and a title under those.
  static func horizontal(
    _ scale: some Scale, top: Double, bottom: Double, title: String, label: (Double) -> String
  ) -> HTML {
    let ticks = scale.ticks.map { tick -> HTML in
      let x = scale.position(tick)
      return """
        <line class="grid" x1="\(x)" x2="\(x)" y1="\(top)" y2="\(bottom)"/>\
        <text class="tick" x="\(x)" y="\(bottom + 15)" text-anchor="middle">\(label(tick))</text>
        """
    }
    guard !title.isEmpty, let first = scale.ticks.first, let last = scale.ticks.last else { return ticks.joined() }
    let middle = (scale.position(first) + scale.position(last)) / 2
    return """
      \(ticks)<text class="axis" x="\(middle)" y="\(bottom + 33)" text-anchor="middle">\(title)</text>
      """
  }

  /// Horizontal grid lines with labels at their left.
  static func vertical(_ scale: some Scale, left: Double, right: Double, label: (Double) -> String) -> HTML {
    scale.ticks.map { tick -> HTML in
      let y = scale.position(tick)
      return """
        <line class="grid" x1="\(left)" x2="\(right)" y1="\(y)" y2="\(y)"/>\
        <text class="tick" x="\(left - 7)" y="\(y + 4)" text-anchor="end">\(label(tick))</text>
        """
    }.joined()
  }

  /// A drawing of its natural size that shrinks with the page.
  static func drawing(width: Double, height: Double, title: String, _ content: HTML) -> HTML {
    """
    <svg class="drawing" viewBox="0 0 \(width) \(height)" style="max-width:\(width)px" role="img">\
    <title>\(title)</title>\(content)</svg>
    """
  }

  /// Percent labels with as many decimals as the distance between ticks needs.
  static func percentLabel(_ scale: LinearScale) -> (Double) -> String {
    let digits = scale.step < 0.0099 ? 1 : 0
    return { Figures.fixed($0 * 100, digits: digits) }
  }
}

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

  /// The arm's name after its mark, in its colour.
  static func label(_ arm: String, style: ArmStyle) -> HTML {
    """
    <span class="arm \(style.className)"><svg viewBox="0 0 10 10" class="key">\
    \(Marks.point(x: 5, y: 5, style: style, size: 3.4))</svg>\(arm)</span>
    """
  }
}

extension AuditReport {
  /// The base is a grey ring, full fine-tuning a square in the colour of text, every LoRA arm a disc in a hue, or a
  /// ring where it is external.
  func style(of arm: String) -> ArmStyle {
    let hues = 5
    switch description(of: arm)?.kind {
    case .head, .base: return ArmStyle(className: "arm-base", shape: .ring)
    case .full: return ArmStyle(className: "arm-full", shape: .square)
    case .lora, .adapter, .derived, .external:
      let adapted = arms.filter { [.lora, .adapter, .derived, .external].contains($0.kind) }
      let number = adapted.firstIndex { $0.name == arm } ?? 0
      let isExternal = description(of: arm)?.kind == .adapter
      return ArmStyle(className: "arm-lora-\(number % hues)", shape: isExternal ? .ring : .disc)
    case nil: return .unknown
    }
  }

  /// The arm's name after its mark, in its colour.
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

/// Maps figures to coordinates. Every coordinate is finite and within the scale's range, whatever the figure.
protocol Scale {
  /// Where `value` lies; a value outside the domain lies at its nearer end.
  func position(_ value: Double) -> Double
  var ticks: [Double] { get }
}

/// A linear scale with ticks at round figures.
struct LinearScale: Scale {
  let domain: ClosedRange<Double>
  let ticks: [Double]
  private let start: Double
  private let end: Double

  /// - Parameters:
  ///   - values: What the domain must hold, after widening by a twentieth; those that are not finite are left out.
  ///   - limits: Where the domain ends at the latest.
  ///   - minimumSpan: Keeps a few equal values from filling the scale with noise.
  ///   - start: The coordinate of the lowest figure.
  ///   - endsOnTicks: Whether the domain is widened to round figures.
  init(
    covering values: [Double], within limits: ClosedRange<Double>, minimumSpan: Double, from start: Double,
    to end: Double, tickCount: Double = 5, endsOnTicks: Bool = true
  ) {
    let finite = values.filter { $0.isFinite && limits.contains($0) }
    let least = finite.min() ?? limits.lowerBound
    let most = finite.max() ?? limits.lowerBound + minimumSpan
    let padding = max((most - least) / 20, (minimumSpan - (most - least)) / 2)
    let lower = max(limits.lowerBound, least - padding)
    let upper = min(limits.upperBound, max(most + padding, lower + minimumSpan))
    let step = Self.step((upper - lower) / tickCount)
    let first = (lower / step + 1e-9).rounded(.down)
    let last = max(first + 1, (upper / step - 1e-9).rounded(.up))
    let ticks = (0...Int(min(50, last - first))).map { (first + Double($0)) * step }
    domain = endsOnTicks ? first * step...last * step : lower...max(upper, lower + minimumSpan)
    let ends = domain
    self.ticks = ticks.filter { ends.contains($0) || endsOnTicks }
    self.start = start
    self.end = end
  }

  /// A scale of shares, from `lower` to 1 with three ticks.
  init(sharesFrom lower: Double = 0, from start: Double, to end: Double) {
    domain = min(0.9, max(0, lower))...1
    ticks = [domain.lowerBound, (domain.lowerBound + 1) / 2, 1]
    self.start = start
    self.end = end
  }

  func position(_ value: Double) -> Double {
    guard value.isFinite else { return start }
    let share = (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
    return start + (end - start) * min(1, max(0, share))
  }

  /// The distance between ticks.
  var step: Double { ticks.count > 1 ? ticks[1] - ticks[0] : 1 }

  /// The smallest of 1, 2, 5 times a power of ten that is not below `rough`.
  private static func step(_ rough: Double) -> Double {
    guard rough.isFinite, rough > 0 else { return 1 }
    let power = pow(10, log10(rough).rounded(.down))
    let factor = [1, 2, 5, 10].first { $0 * power >= rough * (1 - 1e-9) } ?? 10
    return factor * power
  }
}

/// A logarithmic scale with ticks at 1, 2 and 5 times the powers of ten, or at the powers alone over many decades.
struct LogarithmicScale: Scale {
  let domain: ClosedRange<Double>
  let ticks: [Double]
  private let start: Double
  private let end: Double

  /// - Parameter domain: Positive and finite at both ends; it becomes at least a hundredth wide.
  init(_ domain: ClosedRange<Double>, from start: Double, to end: Double) {
    let lower = domain.lowerBound.isFinite ? max(domain.lowerBound, 1e-12) : 1e-12
    let upper = domain.upperBound.isFinite ? max(domain.upperBound, lower * 1.01) : lower * 10
    self.domain = lower...upper
    self.start = start
    self.end = end
    let decades = Int(log10(lower).rounded(.down))...Int(log10(upper).rounded(.up))
    let factors: [Double] = decades.count > 4 ? [1] : [1, 2, 5]
    var ticks: [Double] = []
    for decade in decades {
      for factor in factors {
        let tick = factor * pow(10, Double(decade))
        if tick >= lower * (1 - 1e-9), tick <= upper * (1 + 1e-9) { ticks.append(tick) }
      }
    }
    self.ticks = ticks
  }

  func position(_ value: Double) -> Double {
    guard value.isFinite, value > 0 else { return start }
    let share = log(value / domain.lowerBound) / log(domain.upperBound / domain.lowerBound)
    return start + (end - start) * min(1, max(0, share))
  }
}

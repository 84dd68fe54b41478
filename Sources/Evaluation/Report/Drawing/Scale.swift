import Foundation

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

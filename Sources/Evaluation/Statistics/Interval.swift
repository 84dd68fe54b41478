/// A two-sided confidence interval, of 95 % unless something else is said.
package struct Interval: Codable, Equatable, Sendable {
  package var lower: Double
  package var upper: Double

  package init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  package func contains(_ value: Double) -> Bool { lower <= value && value <= upper }

  package var width: Double { upper - lower }

  /// The smallest interval that holds both.
  package func hull(_ other: Interval) -> Interval {
    Interval(lower: min(lower, other.lower), upper: max(upper, other.upper))
  }
}

/// A figure with its interval.
package struct Estimate: Codable, Equatable, Sendable {
  package var value: Double
  package var interval: Measured<Interval>

  package init(value: Double, interval: Measured<Interval>) {
    self.value = value
    self.interval = interval
  }
}

internal import Foundation
internal import Metrics
internal import Statistics

/// Two standard normal variables that are correlated.
package enum BivariateNormal {
  /// The probability that the one is at most `x` and the other at most `y`.
  ///
  /// Φ(x)Φ(y) plus the integral over the correlation's arc sine (Plackett 1954; Drezner and Wesolowsky 1990), by
  /// Simpson's rule.
  ///
  /// - Parameter correlation: From 0 to below 1.
  package static func cumulative(_ x: Double, _ y: Double, correlation: Double) -> Double {
    let steps = 200
    let end = asin(correlation)
    func density(_ angle: Double) -> Double {
      let cosine = cos(angle)
      return exp(-(x * x + y * y - 2 * x * y * sin(angle)) / (2 * cosine * cosine))
    }
    var sum = density(0) + density(end)
    for step in 1..<steps { sum += density(end * Double(step) / Double(steps)) * (step % 2 == 1 ? 4 : 2) }
    return NormalDistribution.cumulative(x) * NormalDistribution.cumulative(y)
      + sum * end / Double(steps) / 3 / (2 * Double.pi)
  }

  /// The probability that two events of probabilities `first` and `second` both happen, when the normal variables behind
  /// them are correlated.
  static func joint(_ first: Double, _ second: Double, correlation: Double) -> Double {
    cumulative(
      NormalDistribution.quantile(first), NormalDistribution.quantile(second), correlation: correlation)
  }
}

/// The argument in `range` at which an increasing function takes a value; nil where it does not.
func argument(in range: ClosedRange<Double>, at value: Double, of function: (Double) -> Double) -> Double? {
  var (low, high) = (range.lowerBound, range.upperBound)
  guard function(low) <= value + 1e-12, function(high) >= value - 1e-12 else { return nil }
  for _ in 0..<60 {
    let middle = (low + high) / 2
    if function(middle) < value { low = middle } else { high = middle }
  }
  return (low + high) / 2
}

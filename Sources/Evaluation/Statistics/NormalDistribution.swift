import Foundation

/// The standard normal distribution.
package enum NormalDistribution {
  /// The probability of a value up to `x`.
  package static func cumulative(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

  /// The value below which a share `probability` lies; infinite at 0 and 1.
  ///
  /// Starts from formula 26.2.23 of Abramowitz and Stegun (1964) and refines by Halley's method to full precision.
  package static func quantile(_ probability: Double) -> Double {
    guard probability > 0 else { return -.infinity }
    guard probability < 1 else { return .infinity }
    guard probability <= 0.5 else { return -quantile(1 - probability) }
    let t = (-2 * log(probability)).squareRoot()
    let numerator = 2.515517 + t * (0.802853 + t * 0.010328)
    var x = numerator / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
    for _ in 0..<4 {
      let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
      guard density > 0 else { break }
      let step = (cumulative(x) - probability) / density
      x -= step / (1 + x * step / 2)
    }
    return x
  }

  /// The quantile of a two-sided 95 % interval, 1.959964.
  package static let twoSided95 = quantile(0.975)
}

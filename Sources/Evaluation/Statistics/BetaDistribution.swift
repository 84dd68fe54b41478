import Foundation

/// The beta distribution, on which the exact binomial and the t distribution rest.
package enum BetaDistribution {
  /// The regularized incomplete beta function I_x(a, b), for positive `a` and `b`.
  ///
  /// By the continued fraction of DLMF 8.17.22, evaluated by the modified method of Lentz (1976).
  package static func cumulative(_ x: Double, a: Double, b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    let front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2) { return front * continuedFraction(x, a: a, b: b) / a }
    return 1 - front * continuedFraction(1 - x, a: b, b: a) / b
  }

  /// The x at which I_x(a, b) is `probability`, by bisection to the last bit.
  package static func quantile(_ probability: Double, a: Double, b: Double) -> Double {
    guard probability > 0 else { return 0 }
    guard probability < 1 else { return 1 }
    var lower = 0.0
    var upper = 1.0
    for _ in 0..<1100 {
      let middle = (lower + upper) / 2
      if middle <= lower || middle >= upper { break }
      if cumulative(middle, a: a, b: b) < probability { lower = middle } else { upper = middle }
    }
    return (lower + upper) / 2
  }

  private static func continuedFraction(_ x: Double, a: Double, b: Double) -> Double {
    let tiny = 1e-300
    func away(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / away(1 - (a + b) * x / (a + 1))
    var fraction = d
    for step in 1...100_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / away(1 + even * d)
      c = away(1 + even / c)
      fraction *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / away(1 + odd * d)
      c = away(1 + odd / c)
      let factor = d * c
      fraction *= factor
      if abs(factor - 1) < 1e-16 { break }
    }
    return fraction
  }
}

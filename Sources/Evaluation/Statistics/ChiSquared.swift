internal import Foundation

/// The chi-squared distribution.
package enum ChiSquared {
  /// The probability of a value above `x`: the regularized incomplete gamma function Q(d/2, x/2).
  ///
  /// By its series (DLMF 8.11.4) below d/2 + 1 and by the continued fraction of DLMF 8.9.2, evaluated by the modified
  /// method of Lentz (1976), above.
  ///
  /// - Parameter degreesOfFreedom: Positive.
  package static func upperTail(_ x: Double, degreesOfFreedom: Int) -> Double {
    guard x > 0, degreesOfFreedom > 0 else { return 1 }
    let (a, half) = (Double(degreesOfFreedom) / 2, x / 2)
    let front = exp(a * log(half) - half - logGamma(a))
    return half < a + 1 ? max(0, 1 - front * series(a, half)) : front * continuedFraction(a, half)
  }

  private static func series(_ a: Double, _ x: Double) -> Double {
    var (term, sum) = (1 / a, 1 / a)
    for step in 1...10_000 {
      term *= x / (a + Double(step))
      sum += term
      if term < sum * 1e-16 { break }
    }
    return sum
  }

  private static func continuedFraction(_ a: Double, _ x: Double) -> Double {
    let tiny = 1e-300
    func away(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var b = x + 1 - a
    var (c, d) = (1 / tiny, 1 / away(b))
    var fraction = d
    for step in 1...10_000 {
      let numerator = -Double(step) * (Double(step) - a)
      b += 2
      d = 1 / away(numerator * d + b)
      c = away(b + numerator / c)
      fraction *= c * d
      if abs(c * d - 1) < 1e-16 { break }
    }
    return fraction
  }
}

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

/// Student's t distribution.
package enum StudentT {
  /// The value below which a share `probability` in (0, 1) lies.
  package static func quantile(_ probability: Double, degreesOfFreedom: Double) -> Double {
    guard probability >= 0.5 else { return -quantile(1 - probability, degreesOfFreedom: degreesOfFreedom) }
    guard probability < 1 else { return .infinity }
    let logConstant =
      logGamma((degreesOfFreedom + 1) / 2) - logGamma(degreesOfFreedom / 2) - log(degreesOfFreedom * Double.pi) / 2
    // The distribution is concave here and the normal quantile lies below its own: Newton's steps rise to it.
    var t = NormalDistribution.quantile(probability)
    for _ in 0..<200 {
      let density = exp(logConstant - (degreesOfFreedom + 1) / 2 * log1p(t * t / degreesOfFreedom))
      guard density > 0 else { break }
      let step = (probability - cumulative(t, degreesOfFreedom: degreesOfFreedom)) / density
      t += step
      if abs(step) <= 1e-14 * max(1, abs(t)) { break }
    }
    return t
  }

  /// The probability of a value at least as far from 0 as `t`, without the loss of digits that 1 minus the cumulative
  /// probability has far out.
  package static func twoSidedTail(_ t: Double, degreesOfFreedom: Double) -> Double {
    BetaDistribution.cumulative(degreesOfFreedom / (degreesOfFreedom + t * t), a: degreesOfFreedom / 2, b: 0.5)
  }

  /// The probability of a value up to `t`.
  package static func cumulative(_ t: Double, degreesOfFreedom: Double) -> Double {
    let inside = BetaDistribution.cumulative(t * t / (degreesOfFreedom + t * t), a: 0.5, b: degreesOfFreedom / 2)
    return t >= 0 ? 0.5 + inside / 2 : 0.5 - inside / 2
  }
}

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

/// The natural logarithm of the gamma function of a positive number.
///
/// Stirling's series (Abramowitz and Stegun 1964, 6.1.41) above 12, reached from below by the recurrence.
package func logGamma(_ x: Double) -> Double {
  var shifted = x
  var product = 1.0
  while shifted < 12 {
    product *= shifted
    shifted += 1
  }
  let inverse = 1 / shifted
  let square = inverse * inverse
  var series = 1.0 / 156 * square
  series = (691.0 / 360360 - series) * square
  series = (1.0 / 1188 - series) * square
  series = (1.0 / 1680 - series) * square
  series = (1.0 / 1260 - series) * square
  series = (1.0 / 360 - series) * square
  series = (1.0 / 12 - series) * inverse
  return (shifted - 0.5) * log(shifted) - shifted + 0.5 * log(2 * Double.pi) + series - log(product)
}

/// log C(n, k), of numbers that need not be whole.
package func logBinomialCoefficient(_ n: Double, _ k: Double) -> Double {
  logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
}

/// The probability of `successes` in `trials` independent trials.
package func binomialMass(_ successes: Int, of trials: Int, probability: Double) -> Double {
  guard probability > 0, probability < 1 else { return successes == (probability > 0 ? trials : 0) ? 1 : 0 }
  let (k, n) = (Double(successes), Double(trials))
  return exp(logBinomialCoefficient(n, k) + k * log(probability) + (n - k) * log1p(-probability))
}

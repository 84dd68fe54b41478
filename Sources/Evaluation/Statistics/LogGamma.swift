import Foundation

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

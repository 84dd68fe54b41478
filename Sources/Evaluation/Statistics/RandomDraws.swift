import Foundation
package import Support

extension RandomStream {
  /// The number of successes in `trials` independent trials.
  ///
  /// By inversion where few are expected, otherwise by transformed rejection (Hörmann 1993, algorithm BTRS), so that the
  /// cost does not grow with the trials.
  package mutating func binomial(trials: Int, probability: Double) -> Int {
    guard trials > 0, probability > 0 else { return 0 }
    guard probability < 1 else { return trials }
    if probability > 0.5 { return trials - binomial(trials: trials, probability: 1 - probability) }
    return Double(trials) * probability < 10
      ? binomialByInversion(trials: trials, probability: probability)
      : binomialByRejection(trials: trials, probability: probability)
  }

  private mutating func binomialByInversion(trials: Int, probability: Double) -> Int {
    let odds = probability / (1 - probability)
    var share = exp(Double(trials) * log1p(-probability))
    var left = uniform()
    var count = 0
    while left >= share, count < trials {
      left -= share
      share *= odds * Double(trials - count) / Double(count + 1)
      count += 1
    }
    return count
  }

  private mutating func binomialByRejection(trials: Int, probability: Double) -> Int {
    let n = Double(trials)
    let odds = probability / (1 - probability)
    let deviation = (n * probability * (1 - probability)).squareRoot()
    let b = 1.15 + 2.53 * deviation
    let a = -0.0873 + 0.0248 * b + 0.01 * probability
    let centre = n * probability + 0.5
    let squeeze = 0.92 - 4.2 / b
    let alpha = (2.83 + 5.1 / b) * deviation
    let mode = ((n + 1) * probability).rounded(.down)
    while true {
      let u = uniform() - 0.5
      let v = uniform()
      let room = 0.5 - abs(u)
      let count = ((2 * a / room + b) * u + centre).rounded(.down)
      if room >= 0.07, v <= squeeze { return Int(count) }
      guard count >= 0, count <= n else { continue }
      let height = log(v * alpha / (a / (room * room) + b))
      let bound =
        logGamma(mode + 1) + logGamma(n - mode + 1) - logGamma(count + 1) - logGamma(n - count + 1)
        + (count - mode) * log(odds)
      if height <= bound { return Int(count) }
    }
  }
}

/// log n! from 0 on.
package struct LogFactorials: Sendable {
  fileprivate let values: [Double]

  package init(through last: Int) {
    var values = [0.0]
    for n in stride(from: 1, through: max(0, last), by: 1) { values.append(values[n - 1] + log(Double(n))) }
    self.values = values
  }

  fileprivate func ways(_ k: Int, of n: Int) -> Double { values[n] - values[k] - values[n - k] }
}

extension RandomStream {
  /// How many of `draws` without replacement are among the `successes` of `population`.
  ///
  /// By inversion outwards from the mode, so that the cost grows with the standard deviation alone.
  ///
  /// - Parameter factorials: up to the population at least.
  package mutating func hypergeometric(
    draws: Int, successes: Int, of population: Int, _ factorials: LogFactorials
  ) -> Int {
    let least = max(0, draws - (population - successes))
    let most = min(draws, successes)
    guard least < most else { return least }
    let failures = population - successes
    let mode = min(most, max(least, (draws + 1) * (successes + 1) / (population + 2)))
    let share = exp(
      factorials.ways(mode, of: successes) + factorials.ways(draws - mode, of: failures)
        - factorials.ways(draws, of: population))
    var left = uniform() - share
    if left < 0 { return mode }
    var (below, above) = (mode, mode)
    var (shareBelow, shareAbove) = (share, share)
    while below > least || above < most {
      if above < most {
        shareAbove *=
          Double(successes - above) * Double(draws - above)
          / (Double(above + 1) * Double(failures - draws + above + 1))
        above += 1
        left -= shareAbove
        if left < 0 { return above }
      }
      if below > least {
        shareBelow *=
          Double(below) * Double(failures - draws + below)
          / (Double(successes - below + 1) * Double(draws - below + 1))
        below -= 1
        left -= shareBelow
        if left < 0 { return below }
      }
    }
    return mode
  }
}

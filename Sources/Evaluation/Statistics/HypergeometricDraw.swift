import Foundation
package import Support

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

internal import Foundation

/// The two-sample test of Kolmogorov and Smirnov, which any strictly increasing change of scale leaves as it is.
package enum KolmogorovSmirnov {
  /// Where two empirical distribution functions are furthest apart.
  package struct Distance: Equatable, Sendable {
    /// The largest distance; 0 if a sample is empty.
    package let value: Double
    /// The first value up to which it is reached; nil if there is no distance.
    package let location: Double?
    /// The shares of both samples up to there.
    package let firstShare: Double
    package let secondShare: Double
  }

  /// The largest distance between the two empirical distribution functions; 0 if a sample is empty.
  package static func statistic(_ first: [Double], _ second: [Double]) -> Double { distance(first, second).value }

  /// The largest distance, and where it is.
  package static func distance(_ first: [Double], _ second: [Double]) -> Distance {
    var largest = Distance(value: 0, location: nil, firstShare: 0, secondShare: 0)
    guard !first.isEmpty, !second.isEmpty else { return largest }
    let (first, second) = (first.sorted(), second.sorted())
    var (left, right) = (0, 0)
    while left < first.count, right < second.count {
      // Ties are stepped over on both sides at once: between equal values there is no distance to be seen.
      let value = min(first[left], second[right])
      while left < first.count, first[left] <= value { left += 1 }
      while right < second.count, second[right] <= value { right += 1 }
      let shares = (Double(left) / Double(first.count), Double(right) / Double(second.count))
      guard abs(shares.0 - shares.1) > largest.value else { continue }
      largest = Distance(
        value: abs(shares.0 - shares.1), location: value, firstShare: shares.0, secondShare: shares.1)
    }
    return largest
  }

  /// The largest distance where values that differ by up to `slack` count as equal: F(x − slack) − G(x) or
  /// G(x − slack) − F(x), whichever is larger, as in Lévy's metric. With no slack it is the `statistic`.
  package static func statistic(_ first: [Double], _ second: [Double], slack: Double) -> Double {
    let (first, second) = (first.sorted(), second.sorted())
    /// How far the share of `low` at or below x − slack rises above that of `high` at or below x.
    func excess(_ low: [Double], _ high: [Double]) -> Double {
      var (other, largest) = (0, 0.0)
      for (index, value) in low.enumerated() {
        while other < high.count, high[other] <= value + slack { other += 1 }
        // The share of `low` counts only after the last of equal values, where it is largest.
        largest = max(largest, Double(index + 1) / Double(low.count) - Double(other) / Double(high.count))
      }
      return largest
    }
    guard !first.isEmpty, !second.isEmpty else { return 0 }
    return max(excess(first, second), excess(second, first))
  }

  /// The probability of at least this distance between samples of one distribution, by Kolmogorov's limit with the
  /// correction of Stephens (1970) for finite samples. Ties make it too large, never too small.
  ///
  /// - Parameters:
  ///   - first: The number of independent observations of the first sample; the effective one where it is clustered.
  ///   - second: That of the second.
  package static func pValue(statistic: Double, first: Double, second: Double) -> Double {
    guard first > 0, second > 0 else { return 1 }
    let root = (first * second / (first + second)).squareRoot()
    return upperTail((root + 0.12 + 0.11 / root) * statistic)
  }

  /// The probability of a value above `x` under Kolmogorov's limiting distribution (1933).
  package static func upperTail(_ x: Double) -> Double {
    guard x > 0 else { return 1 }
    var sum = 0.0
    guard x >= 1 else {
      // The same function by its other series, which converges at once where the usual one does not.
      let exponent = -Double.pi * Double.pi / (8 * x * x)
      for odd in [1.0, 3, 5, 7] { sum += exp(exponent * odd * odd) }
      return min(1, max(0, 1 - (2 * Double.pi).squareRoot() / x * sum))
    }
    var sign = 1.0
    for k in 1...8 {
      let term = Double(k) * x
      sum += sign * exp(-2 * term * term)
      sign = -sign
    }
    return min(1, max(0, 2 * sum))
  }
}

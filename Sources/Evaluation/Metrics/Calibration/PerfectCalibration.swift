import Foundation
import Statistics

/// What the expected calibration error would be on average if every stated confidence were exactly right.
package enum PerfectCalibration {
  /// Σ_b E|X_b − E X_b| / n, where X_b counts the right ones among independent predictions with the confidences of bin b.
  ///
  /// - Parameter confidences: of the predictions, at least one.
  package static func expectedError(confidences: [Double], binCount: Int) -> Double {
    var bins = [[Double]](repeating: [], count: binCount)
    for confidence in confidences {
      bins[CalibrationBins.number(of: confidence, count: binCount)].append(confidence)
    }
    return bins.reduce(0) { $0 + meanAbsoluteDeviation($1) } / Double(max(1, confidences.count))
  }

  /// Up to so many trials the distribution is computed; above, a binomial one of the same mean and variance stands for it.
  private static let mostExactTrials = 500

  /// E|X − E X| of the number X of successes in independent trials.
  package static func meanAbsoluteDeviation(_ probabilities: [Double]) -> Double {
    guard probabilities.count > mostExactTrials else { return exactDeviation(probabilities) }
    let mean = probabilities.reduce(0, +)
    let variance = probabilities.reduce(0) { $0 + $1 * (1 - $1) }
    guard variance > 0 else { return 0 }
    // Of successes and failures, which deviate alike, the rarer ones.
    let rare = min(mean, Double(probabilities.count) - mean)
    let probability = 1 - variance / rare
    guard probability > 1e-9 else { return poissonDeviation(rare) }
    let trials = rare / probability
    // De Moivre's 2ν·C(n, ν)·p^ν·(1 − p)^(n − ν + 1) with ν = ⌊np⌋ + 1 (Diaconis and Zabell 1991).
    let next = rare.rounded(.down) + 1
    guard trials > next else { return (2 / Double.pi * variance).squareRoot() }
    let ways = logBinomialCoefficient(trials, next)
    return 2 * next * exp(ways + next * log(probability) + (trials - next + 1) * log1p(-probability))
  }

  private static func exactDeviation(_ probabilities: [Double]) -> Double {
    var shares = [1.0]
    for probability in probabilities {
      shares.append(0)
      for count in stride(from: shares.count - 1, to: 0, by: -1) {
        shares[count] = shares[count] * (1 - probability) + shares[count - 1] * probability
      }
      shares[0] *= 1 - probability
    }
    let mean = probabilities.reduce(0, +)
    return shares.enumerated().reduce(0) { $0 + abs(Double($1.offset) - mean) * $1.element }
  }

  /// 2·λ^(⌊λ⌋ + 1)·e^−λ / ⌊λ⌋!.
  private static func poissonDeviation(_ rate: Double) -> Double {
    let floor = rate.rounded(.down)
    return 2 * exp((floor + 1) * log(rate) - rate - logGamma(floor + 1))
  }
}

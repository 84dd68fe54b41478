import Foundation
import Statistics

/// Confidences and outcomes counted in bins of equal width over [0, 1].
///
/// Bins are right-closed (Guo et al. 2017) and the first one is closed on both sides, so that neither 0 nor 1 falls
/// out.
package struct CalibrationBins: Equatable, Sendable {
  /// The predictions in one bin.
  package struct Bin: Equatable, Sendable {
    package var count = 0.0
    package var confidence = 0.0
    package var outcome = 0.0

    /// The share of positive outcomes minus the mean confidence.
    package var gap: Double { (outcome - confidence) / count }

    /// Counts what another one holds as well.
    mutating func add(_ other: Bin) {
      count += other.count
      confidence += other.confidence
      outcome += other.outcome
    }
  }

  package private(set) var bins: [Bin]

  /// Empty bins.
  package init(count: Int) { bins = Array(repeating: Bin(), count: max(1, count)) }

  init(_ bins: [Bin]) { self.bins = bins }

  /// - Parameters:
  ///   - confidences: Stated probabilities in [0, 1].
  ///   - outcomes: 1 where what was stated came true, otherwise 0.
  package init(confidences: [Double], outcomes: [Double], count: Int) {
    self.init(count: count)
    for (confidence, outcome) in zip(confidences, outcomes) {
      let bin = Self.number(of: confidence, count: bins.count)
      bins[bin].add(Bin(count: 1, confidence: confidence, outcome: outcome))
    }
  }

  /// The bin of a confidence among `count`.
  package static func number(of confidence: Double, count: Int) -> Int {
    var bin = min(max(0, Int(confidence * Double(count))), count - 1)
    // The bound itself decides, not the rounding of a product.
    while bin > 0, confidence <= Double(bin) / Double(count) { bin -= 1 }
    while bin < count - 1, confidence > Double(bin + 1) / Double(count) { bin += 1 }
    return bin
  }

  private var total: Double { bins.reduce(0) { $0 + $1.count } }

  /// Σ n_b/n·|acc_b − conf_b|; 0 without predictions.
  package var expectedError: Double {
    bins.reduce(0) { $0 + abs($1.outcome - $1.confidence) } / max(1, total)
  }

  /// Mean confidence minus the share of positive outcomes; 0 without predictions.
  package var signedGap: Double { bins.reduce(0) { $0 + $1.confidence - $1.outcome } / max(1, total) }

  /// The square root of Σ n_b/n·(acc_b − conf_b)².
  package var rootMeanSquareError: Double { Self.squaredError(bins, total: total).squareRoot() }

  /// The largest |acc_b − conf_b|.
  package var maximumError: Double {
    bins.reduce(0) { $1.count > 0 ? max($0, abs($1.gap)) : $0 }
  }

  /// Neighbouring bins merged from the left until each holds two predictions, or `nil` when there are fewer than two.
  package var mergedBins: [Bin]? {
    guard total >= 2 else { return nil }
    var merged: [Bin] = []
    var open = Bin()
    for bin in bins where bin.count > 0 {
      open.add(bin)
      if open.count >= 2 {
        merged.append(open)
        open = Bin()
      }
    }
    if open.count > 0, !merged.isEmpty { merged[merged.count - 1].add(open) }
    return merged
  }

  /// The squared calibration error of the merged bins as it stands (`plugIn`) and without its upward bias:
  /// Σ n_b/n·[(acc_b − conf_b)² − acc_b(1 − acc_b)/(n_b − 1)] (Kumar, Liang and Ma 2019); `nil` for fewer than two
  /// predictions.
  package var squaredError: (plugIn: Double, debiased: Double)? {
    guard let merged = mergedBins else { return nil }
    let plugIn = Self.squaredError(merged, total: total)
    let bias = merged.reduce(0) { sum, bin in
      let accuracy = bin.outcome / bin.count
      return sum + bin.count * accuracy * (1 - accuracy) / (bin.count - 1)
    }
    return (plugIn, plugIn - bias / total)
  }

  private static func squaredError(_ bins: [Bin], total: Double) -> Double {
    bins.reduce(0) { $1.count > 0 ? $0 + $1.count * $1.gap * $1.gap : $0 } / max(1, total)
  }
}

/// Bins that hold about as many predictions each, ties kept together, as adaptive calibration errors use them (Nguyen
/// and O'Connor 2015; Nixon et al. 2019).
package struct EqualMassBins: Equatable, Sendable {
  package let bins: [CalibrationBins.Bin]
  /// The largest confidence in each bin.
  private let bounds: [Double]

  /// - Parameters:
  ///   - confidences: Stated probabilities in [0, 1].
  ///   - outcomes: 1 where what was stated came true, otherwise 0.
  ///   - count: How many bins are wanted; ties leave fewer.
  package init(confidences: [Double], outcomes: [Double], count: Int) {
    let order = confidences.indices.sorted { confidences[$0] < confidences[$1] }
    var bins: [CalibrationBins.Bin] = []
    var bounds: [Double] = []
    var open = CalibrationBins.Bin()
    var taken = 0.0
    for (position, item) in order.enumerated() {
      open.count += 1
      open.confidence += confidences[item]
      open.outcome += outcomes[item]
      let isLast = position + 1 == order.count
      guard isLast || confidences[order[position + 1]] != confidences[item] else { continue }
      // Closed when it holds its share of what is to be shared out.
      let quota = Double(order.count) * Double(bins.count + 1) / Double(max(1, count))
      guard isLast || taken + open.count >= quota else { continue }
      taken += open.count
      bins.append(open)
      bounds.append(confidences[item])
      open = CalibrationBins.Bin()
    }
    (self.bins, self.bounds) = (bins, bounds)
  }

  /// The bin of a confidence.
  func number(of confidence: Double) -> Int {
    bounds.firstIndex { confidence <= $0 } ?? max(0, bounds.count - 1)
  }

  /// Σ n_b/n·|acc_b − conf_b|; 0 without predictions.
  package var expectedError: Double {
    let total = bins.reduce(0) { $0 + $1.count }
    return bins.reduce(0) { $0 + abs($1.outcome - $1.confidence) } / max(1, total)
  }
}

/// The average expected calibration error if every stated confidence were exactly right.
package enum PerfectCalibration {
  /// Σ_b E|X_b − E X_b| / n, where X_b counts the right ones among independent predictions with the confidences of bin
  /// b.
  ///
  /// - Parameter confidences: of the predictions, at least one.
  package static func expectedError(confidences: [Double], binCount: Int) -> Double {
    var bins = [[Double]](repeating: [], count: binCount)
    for confidence in confidences {
      bins[CalibrationBins.number(of: confidence, count: binCount)].append(confidence)
    }
    return bins.reduce(0) { $0 + meanAbsoluteDeviation($1) } / Double(max(1, confidences.count))
  }

  /// Up to this number of trials the distribution is exact; above, it is a binomial of the same mean and variance.
  private static let mostExactTrials = 500

  /// E|X − E X| of the number X of successes in independent trials.
  package static func meanAbsoluteDeviation(_ probabilities: [Double]) -> Double {
    guard probabilities.count > mostExactTrials else { return exactDeviation(probabilities) }
    let mean = probabilities.reduce(0, +)
    let variance = probabilities.reduce(0) { $0 + $1 * (1 - $1) }
    guard variance > 0 else { return 0 }
    // Count the rarer of successes and failures; both have the same absolute deviation.
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

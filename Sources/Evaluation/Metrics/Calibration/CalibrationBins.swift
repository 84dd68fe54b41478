/// Confidences and outcomes counted in bins of equal width over [0, 1].
///
/// Bins are right-closed (Guo et al. 2017) and the first one is closed on both sides, so that neither 0 nor 1 falls out.
package struct CalibrationBins: Equatable, Sendable {
  /// What fell into one bin.
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

/// Bins that hold about as many predictions each, ties kept together, as adaptive calibration errors use them (Nguyen and
/// O'Connor 2015; Nixon et al. 2019).
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

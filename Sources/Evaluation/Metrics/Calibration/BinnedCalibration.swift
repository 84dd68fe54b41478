import Statistics

/// How well stated probabilities agree with how often what they state comes true, in bins: in one subset, for every run,
/// averaged over runs.
struct BinnedCalibration {
  let expectedError: Estimate
  let expectedUnderPerfectCalibration: Double
  let debiasedSquaredError: Measured<Estimate>
  let equalMassError: Estimate
  /// The mean of what is stated.
  let meanConfidence: Double
  /// The share of what came true.
  let accuracy: Double
  let signedGap: Estimate
  /// The bins of all runs together.
  let pooled: [CalibrationBins.Bin]

  /// - Parameters:
  ///   - runs: what every run states of all items, and whether it came true.
  ///   - bins: each run's in this subset, of equal width.
  ///   - equalMass: the same, of about equal mass.
  ///   - resamples: of these runs in this subset.
  init(
    _ subset: ItemSubset, runs: [ItemScores], bins: [CalibrationBins], equalMass: [EqualMassBins],
    resamples: FigureResamples
  ) {
    expectedError = Estimate(
      value: bins.map(\.expectedError).mean, interval: resamples.intervalOfBinnedError(.expectedCalibrationError))
    expectedUnderPerfectCalibration =
      runs.map { run in
        PerfectCalibration.expectedError(
          confidences: subset.members.map { run.confidence[$0] }, binCount: CalibrationEvaluation.binCount)
      }.mean
    equalMassError = Estimate(
      value: equalMass.map(\.expectedError).mean, interval: resamples.intervalOfBinnedError(.equalMassError))
    pooled = Self.pooled(bins)
    let predictions = Double(subset.members.count * runs.count)
    meanConfidence = pooled.reduce(0) { $0 + $1.confidence } / predictions
    accuracy = pooled.reduce(0) { $0 + $1.outcome } / predictions

    var gapInterval = resamples.interval(.signedGap)
    if accuracy <= 0 || accuracy >= 1 {
      // All came true or none: resampling cannot show the other outcome, so the share's own interval is added.
      let correct =
        runs.first.flatMap { subset.proportion(of: $0.correct, runs: 1)?.interval } ?? Interval(lower: 0, upper: 1)
      let bounds = Interval(lower: meanConfidence - correct.upper, upper: meanConfidence - correct.lower)
      gapInterval = gapInterval.map { $0.hull(bounds) }
    }
    signedGap = Estimate(value: meanConfidence - accuracy, interval: gapInterval)
    debiasedSquaredError = Self.debiased(bins, n: subset.members.count).map { error in
      // Replicates centre on the plug-in error, which lies above the truth by the bias. The lower bound takes it off;
      // the upper one keeps it, since the error of a small sample is skewed upwards.
      let bias = error.plugIn - error.debiased
      return Estimate(
        value: error.debiased,
        interval: resamples.interval(.debiasedSquaredError).map {
          Interval(lower: $0.lower - bias, upper: $0.upper)
        })
    }
  }

  private struct SquaredError: Equatable {
    var plugIn: Double
    var debiased: Double
  }

  private static func debiased(_ bins: [CalibrationBins], n: Int) -> Measured<SquaredError> {
    let errors = bins.compactMap(\.squaredError)
    guard errors.count == bins.count else {
      return .undefined(reason: "fewer than two items cannot be debiased", n: n)
    }
    return .value(SquaredError(plugIn: errors.map(\.plugIn).mean, debiased: errors.map(\.debiased).mean))
  }

  private static func pooled(_ runs: [CalibrationBins]) -> [CalibrationBins.Bin] {
    (0..<CalibrationEvaluation.binCount).map { number in
      runs.reduce(into: CalibrationBins.Bin()) {
        $0.count += $1.bins[number].count
        $0.confidence += $1.bins[number].confidence
        $0.outcome += $1.bins[number].outcome
      }
    }
  }
}

extension [Double] {
  /// 0 without any.
  var mean: Double { reduce(0, +) / Double(Swift.max(1, count)) }
}

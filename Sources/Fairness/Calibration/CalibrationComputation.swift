import RandomNumbers

extension CalibrationEvaluation {
  /// The number of bins of every figure and curve.
  package static let binCount = 15
  private static let resamples = 1_000

  /// What has no closed interval.
  private static let resampled: [ResampledFigure] = [
    .expectedCalibrationError, .debiasedSquaredError, .signedGap, .equalMassError, .classwiseError,
    .negativeLogLikelihood, .brier, .multiclassBrier,
  ]

  /// The calibration of one subset.
  ///
  /// - Parameter runs: The scores of every run on all items.
  init(_ subset: ItemSubset, runs: [ItemScores], key: RandomKey) {
    let scores = runs.map { ProbabilityScores($0, members: subset.members) }
    let resamples = FigureResamples(
      subset, runs: runs, equalMass: scores.map(\.equalMass), figures: Self.resampled, hasPositives: false,
      resamples: subset.clusters.count > 1 ? Self.resamples : 0, key: key)
    group = subset.name
    let count = subset.members.count
    n = count
    seeds = runs.count
    let bins = scores.map(\.bins)
    let pooled = Self.pooled(bins)
    func binnedError(_ figure: ResampledFigure, _ values: [Double]) -> Estimate {
      Estimate(value: Self.average(values), interval: resamples.intervalOfBinnedError(figure))
    }
    func mean(_ figure: ResampledFigure, _ values: [Double]) -> Estimate {
      Estimate(value: Self.average(values), interval: resamples.interval(figure))
    }
    expectedCalibrationError = binnedError(.expectedCalibrationError, bins.map(\.expectedError))
    expectedUnderPerfectCalibration = Self.average(
      runs.map { run in
        PerfectCalibration.expectedError(
          confidences: subset.members.map { run.confidence[$0] }, binCount: Self.binCount)
      })
    equalMassError = binnedError(.equalMassError, scores.map(\.equalMass.expectedError))
    let classes = runs.first?.classes ?? 0
    classwiseError =
      classes <= FigureColumns.mostClasses
      ? binnedError(.classwiseError, scores.map(\.classwiseError))
      : Estimate(
        value: Self.average(scores.map(\.classwiseError)),
        interval: .undefined(reason: "not resampled for more than \(FigureColumns.mostClasses) classes", n: count))
    negativeLogLikelihood = mean(.negativeLogLikelihood, scores.map(\.negativeLogLikelihood))
    multiclassBrier = mean(.multiclassBrier, scores.map(\.multiclassBrier))
    brier = BrierScore(averaging: scores.map(\.topLabelBrier))
    brierInterval = resamples.interval(.brier)
    let predictions = Double(n * seeds)
    meanConfidence = pooled.reduce(0) { $0 + $1.confidence } / predictions
    accuracy = pooled.reduce(0) { $0 + $1.outcome } / predictions
    reliability = Self.curve(pooled, seeds: seeds)

    let gap = meanConfidence - accuracy
    var gapInterval = resamples.interval(.signedGap)
    if accuracy <= 0 || accuracy >= 1 {
      // All right or all wrong: resampling cannot show the other outcome, so the accuracy's own interval is added.
      let correct =
        runs.first.flatMap { subset.proportion(of: $0.correct, runs: 1)?.interval } ?? Interval(lower: 0, upper: 1)
      let bounds = Interval(lower: meanConfidence - correct.upper, upper: meanConfidence - correct.lower)
      gapInterval = gapInterval.map { $0.hull(bounds) }
    }
    signedGap = Estimate(value: gap, interval: gapInterval)
    debiasedSquaredError = Self.debiased(bins, n: n).map { error in
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

  private static func debiased(_ bins: [CalibrationBins], n: Int) -> Undefinable<SquaredError> {
    let errors = bins.compactMap(\.squaredError)
    guard errors.count == bins.count else {
      return .undefined(reason: "fewer than two items cannot be debiased", n: n)
    }
    return .value(
      SquaredError(plugIn: average(errors.map(\.plugIn)), debiased: average(errors.map(\.debiased))))
  }

  private static func average(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(max(1, values.count))
  }

  private static func pooled(_ runs: [CalibrationBins]) -> [CalibrationBins.Bin] {
    (0..<binCount).map { number in
      runs.reduce(into: CalibrationBins.Bin()) {
        $0.count += $1.bins[number].count
        $0.confidence += $1.bins[number].confidence
        $0.outcome += $1.bins[number].outcome
      }
    }
  }

  private static func curve(_ bins: [CalibrationBins.Bin], seeds: Int) -> [ReliabilityBin] {
    bins.enumerated().map { number, bin in
      let width = Double(binCount)
      let empty = "no predictions in the bin"
      let accuracy = bin.outcome / max(1, bin.count)
      let interval = Interval.wilson(proportion: accuracy, n: max(1, bin.count / Double(seeds)))
      return ReliabilityBin(
        lower: Double(number) / width, upper: Double(number + 1) / width, count: Int(bin.count),
        meanConfidence: bin.count > 0 ? .value(bin.confidence / bin.count) : .undefined(reason: empty, n: 0),
        accuracy: bin.count > 0
          ? .value(Estimate(value: accuracy, interval: .value(interval))) : .undefined(reason: empty, n: 0))
    }
  }
}

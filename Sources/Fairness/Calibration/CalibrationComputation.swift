import RandomNumbers

extension CalibrationEvaluation {
  /// The number of bins of every figure and curve.
  package static let binCount = 15
  private static let resamples = 1_000

  /// The calibration of one subset; `expected` is the simulated error under perfect calibration.
  ///
  /// - Parameter scores: Of every run on this subset.
  init(
    _ subset: ItemSubset, runs: [ItemOutcomes], scores: [ProbabilityScores], expected: Double, key: RandomKey
  ) {
    group = subset.name
    let count = subset.members.count
    n = count
    seeds = runs.count
    let bins = runs.map { run in
      CalibrationBins(
        confidences: subset.members.map { run.confidence[$0] }, outcomes: subset.members.map { run.correct[$0] },
        count: Self.binCount)
    }
    let pooled = Self.pooled(bins)
    expectedCalibrationError = Self.average(bins.map(\.expectedError))
    expectedUnderPerfectCalibration = expected
    equalMassError = Self.average(scores.map(\.equalMassError))
    classwiseError = Self.average(scores.map(\.classwiseError))
    negativeLogLikelihood = Self.average(scores.map(\.negativeLogLikelihood))
    multiclassBrier = Self.average(scores.map(\.multiclassBrier))
    brier = BrierScore(averaging: scores.map(\.topLabelBrier))
    let predictions = Double(n * seeds)
    meanConfidence = pooled.reduce(0) { $0 + $1.confidence } / predictions
    accuracy = pooled.reduce(0) { $0 + $1.outcome } / predictions
    reliability = Self.curve(pooled, seeds: seeds)

    let gap = meanConfidence - accuracy
    guard subset.clusters.count > 1 else {
      let reason = "one cluster says nothing about variation"
      signedGap = Estimate(value: gap, interval: .undefined(reason: reason, n: count))
      debiasedSquaredError = Self.debiased(bins, n: n).map {
        Estimate(value: $0.debiased, interval: .undefined(reason: reason, n: count))
      }
      return
    }
    let bootstrap = CalibrationBootstrap(
      subset, runs: runs, binCount: Self.binCount, resamples: Self.resamples, key: key)
    var gapInterval = Interval.expandedPercentile(bootstrap.signedGaps, clusters: subset.clusters.count)
    if accuracy <= 0 || accuracy >= 1 {
      // All right or all wrong: resampling cannot show the other outcome, so the accuracy's own interval is added.
      let correct =
        runs.first.flatMap { subset.proportion(of: $0.correct, runs: $0.runs)?.interval }
        ?? Interval(lower: 0, upper: 1)
      gapInterval = gapInterval.hull(
        Interval(lower: meanConfidence - correct.upper, upper: meanConfidence - correct.lower))
    }
    signedGap = Estimate(value: gap, interval: .value(gapInterval))
    debiasedSquaredError = Self.debiased(bins, n: n).map { error in
      // Replicates centre on the plug-in error, which lies above the truth by the bias. The lower bound takes it off;
      // the upper one keeps it, since the error of a small sample is skewed upwards.
      let bias = error.plugIn - error.debiased
      let spread = Interval.expandedPercentile(
        bootstrap.debiasedSquaredErrors, clusters: subset.clusters.count)
      return Estimate(
        value: error.debiased, interval: .value(Interval(lower: spread.lower - bias, upper: spread.upper)))
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

import Statistics
import Support

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
  /// - Parameters:
  ///   - runs: The scores of every run on all items.
  ///   - positives: Those of the positive class; nil where there are not two classes, one of them positive.
  init(_ subset: ItemSubset, runs: [ItemScores], positives: [ItemScores]?, key: RandomKey) {
    let scores = runs.map { ProbabilityScores($0, members: subset.members) }
    let resamples = FigureResamples(
      subset, runs: runs, equalMass: scores.map(\.equalMass), figures: Self.resampled, hasPositives: false,
      resamples: subset.clusters.count > 1 ? Self.resamples : 0, key: key)
    let binned = BinnedCalibration(
      subset, runs: runs, bins: scores.map(\.bins), equalMass: scores.map(\.equalMass), resamples: resamples)
    group = subset.name
    let count = subset.members.count
    n = count
    seeds = runs.count
    expectedCalibrationError = binned.expectedError
    expectedUnderPerfectCalibration = binned.expectedUnderPerfectCalibration
    debiasedSquaredError = binned.debiasedSquaredError
    meanConfidence = binned.meanConfidence
    accuracy = binned.accuracy
    signedGap = binned.signedGap
    equalMassError = binned.equalMassError
    let classwise = scores.map(\.classwiseError).mean
    classwiseError = Estimate(
      value: classwise,
      interval: (runs.first?.classes ?? 0) <= FigureColumns.mostClasses
        ? resamples.intervalOfBinnedError(.classwiseError)
        : .undefined(reason: "not resampled for more than \(FigureColumns.mostClasses) classes", n: count))
    negativeLogLikelihood = runs.meanLogLoss(members: subset.members).map {
      Estimate(value: $0, interval: resamples.interval(.negativeLogLikelihood))
    }
    multiclassBrier = Estimate(
      value: scores.map(\.multiclassBrier).mean, interval: resamples.interval(.multiclassBrier))
    brier = Brier(
      parts: BrierScore(averaging: scores.map(\.topLabelBrier)), interval: resamples.interval(.brier))
    // The same key: the same clusters are drawn for both.
    positive = PositiveCalibration.make(subset, runs: positives, resamples: Self.resamples, key: key)
    reliability = Self.curve(binned.pooled, seeds: seeds)
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

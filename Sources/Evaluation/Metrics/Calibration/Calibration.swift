package import Statistics
package import Support

/// A bin of a reliability diagram, over the pooled predictions of all seeds.
package struct ReliabilityBin: Codable, Equatable, Sendable {
  /// The bin is `(lower, upper]`; the first one includes its lower bound.
  package var lower: Double
  package var upper: Double
  /// Predictions in the bin: items times seeds. The other figures are undefined for an empty bin.
  package var count: Int
  package var meanConfidence: Measured<Double>
  /// With an interval that knows clusters and seeds, as that of every share with a random denominator.
  package var accuracy: Measured<Estimate>
}

/// How well the probability of the positive one of two classes agrees with how often items are of it, whatever is
/// predicted: each figure is computed for every seed and averaged over seeds.
package struct PositiveCalibration: Codable, Equatable, Sendable {
  /// With 15 right-closed bins of equal width, the first closed on both sides. Biased upwards.
  package var expectedCalibrationError: Estimate
  /// What the same figure would be on average for a perfectly calibrated model with these probabilities.
  package var expectedUnderPerfectCalibration: Double
  /// The debiased estimate of the squared calibration error (Kumar et al. 2019); may be negative.
  package var debiasedSquaredError: Measured<Estimate>
  /// In 15 bins that hold about as many predictions each.
  package var equalMassError: Estimate
  package var meanProbability: Double
  /// The share of items of the positive class.
  package var baseRate: Double
  /// Mean probability minus base rate: positive is too much expected of the positive class.
  package var signedGap: Estimate
}

/// How well the confidence in the top label agrees with accuracy, for one group or all items: each figure is computed
/// for every seed and averaged over seeds.
package struct CalibrationEvaluation: Codable, Equatable, Sendable {
  /// `nil` for all items.
  package var group: GroupName?
  package var n: Int
  package var seeds: Int
  /// With 15 right-closed bins of equal width, the first closed on both sides (Guo et al. 2017). Biased upwards.
  /// Intervals of this and the other figures resample whole clusters.
  package var expectedCalibrationError: Estimate
  /// What the same figure would be on average for a perfectly calibrated model with these confidences.
  package var expectedUnderPerfectCalibration: Double
  /// The debiased estimate of the squared calibration error (Kumar et al. 2019); may be negative.
  package var debiasedSquaredError: Measured<Estimate>
  package var meanConfidence: Double
  package var accuracy: Double
  /// Mean confidence minus accuracy: positive is over-confident.
  package var signedGap: Estimate
  /// In 15 bins that hold about as many predictions each.
  package var equalMassError: Estimate
  /// The mean over classes, each against all others.
  package var classwiseError: Estimate
  /// Mean −log p of the label, in nats; undefined if the stated probability of one is 0.
  package var negativeLogLikelihood: Measured<Estimate>
  /// The Brier score of the confidence in the predicted class.
  package var brier: Brier
  /// Mean Σ_c (p_c − y_c)², from 0 to 2.
  package var multiclassBrier: Estimate
  /// The calibration of the positive class instead of the top label; defined for two classes, one of them positive.
  package var positive: Measured<PositiveCalibration>
  /// All 15 bins, empty ones included.
  package var reliability: [ReliabilityBin]
}

extension CalibrationEvaluation {
  /// The Brier score of confidence against being right, with its parts, which are keys next to the interval.
  package struct Brier: Codable, Equatable, Sendable {
    package var parts: BrierScore
    /// The interval of the score.
    package var interval: Measured<Interval>

    private enum CodingKeys: CodingKey {
      case interval
    }

    init(parts: BrierScore, interval: Measured<Interval>) { (self.parts, self.interval) = (parts, interval) }

    package init(from decoder: any Decoder) throws {
      parts = try BrierScore(from: decoder)
      interval = try decoder.container(keyedBy: CodingKeys.self).decode(Measured<Interval>.self, forKey: .interval)
    }

    package func encode(to encoder: any Encoder) throws {
      try parts.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(interval, forKey: .interval)
    }
  }
}

extension CalibrationEvaluation: DerivedFields {
  /// What confidence means in every figure except the positive class's.
  package static let confidence = "top label"

  package var derivedFields: [String: JSONValue] { ["confidence": .string(Self.confidence)] }
}

extension PositiveCalibration: DerivedFields {
  package var derivedFields: [String: JSONValue] { ["confidence": .string("positive class")] }
}

extension CalibrationEvaluation {
  /// The number of bins of every figure and curve.
  package static let binCount = 15
  private static let resamples = 1_000

  /// The figures without a closed-form interval.
  private static let resampled: [ResampledFigure] = [
    .expectedCalibrationError, .debiasedSquaredError, .signedGap, .equalMassError, .classwiseError,
    .negativeLogLikelihood, .brier, .multiclassBrier,
  ]

  /// The calibration of one subset.
  ///
  /// - Parameters:
  ///   - runs: The scores of every run on all items.
  ///   - positives: Those of the positive class; nil if there are not two classes, one of them positive.
  init(_ subset: ItemSubset, runs: [ItemScores], positives: [ItemScores]?, key: RandomKey) {
    let scores = runs.map { ProbabilityScores($0, positions: subset.items) }
    let resamples = FigureResamples(
      subset, runs: runs, equalMass: scores.map(\.equalMass), figures: Self.resampled, hasPositives: false,
      resamples: subset.clusters.count > 1 ? Self.resamples : 0, key: key)
    let binned = BinnedCalibration(
      subset, runs: runs, bins: scores.map(\.bins), equalMass: scores.map(\.equalMass), resamples: resamples)
    group = subset.name
    let count = subset.items.count
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
    negativeLogLikelihood = runs.meanLogLoss(positions: subset.items).map {
      Estimate(value: $0, interval: resamples.interval(.negativeLogLikelihood))
    }
    multiclassBrier = Estimate(
      value: scores.map(\.multiclassBrier).mean, interval: resamples.interval(.multiclassBrier))
    brier = Brier(
      parts: BrierScore(averaging: scores.map(\.topLabelBrier)), interval: resamples.interval(.brier))
    // The same key: the same clusters are drawn for both.
    positive = PositiveCalibration.make(subset, runs: positives, resamples: Self.resamples, key: key)
    reliability = Self.curve(binned.pooled, subset: subset, runs: runs)
  }

  private static func curve(
    _ bins: [CalibrationBins.Bin], subset: ItemSubset, runs: [ItemScores]
  ) -> [ReliabilityBin] {
    // The bin of every item of the subset in every run.
    let numbers = runs.map { run in
      subset.items.map { CalibrationBins.number(of: run.confidence[$0], count: binCount) }
    }
    // Positions of the items that some run has in the bin.
    var members = [[Int]](repeating: [], count: binCount)
    for position in subset.items.indices {
      for (run, own) in numbers.enumerated() where !numbers[..<run].contains(where: { $0[position] == own[position] }) {
        members[own[position]].append(position)
      }
    }
    return bins.enumerated().map { number, bin in
      let width = Double(binCount)
      let empty = "no predictions in the bin"
      let positions = members[number]
      let accuracy = RatioEstimate(
        runs: zip(runs, numbers).map { run, numbers in
          (
            positions.map { numbers[$0] == number ? run.correct[subset.items[$0]] : 0 },
            positions.map { numbers[$0] == number ? 1 : 0 }
          )
        }, clusters: positions.map { subset.clusters.ofItem[$0] }, clusterCount: subset.clusters.count)
      return ReliabilityBin(
        lower: Double(number) / width, upper: Double(number + 1) / width, count: Int(bin.count),
        meanConfidence: bin.count > 0 ? .value(bin.confidence / bin.count) : .undefined(reason: empty, n: 0),
        accuracy: accuracy.map { .value(Estimate(value: $0.value, interval: .value($0.interval))) }
          ?? .undefined(reason: empty, n: 0))
    }
  }
}

extension PositiveCalibration {
  private static let figures: [ResampledFigure] = [
    .expectedCalibrationError, .debiasedSquaredError, .signedGap, .equalMassError,
  ]

  /// The calibration on one subset; defined for two classes, one of them positive.
  ///
  /// - Parameters:
  ///   - runs: the scores of every run on all items, those of the positive class.
  ///   - resamples: how many are drawn where there is more than one cluster.
  static func make(
    _ subset: ItemSubset, runs: [ItemScores]?, resamples: Int, key: RandomKey
  ) -> Measured<PositiveCalibration> {
    guard let runs else {
      return .undefined(reason: "it is of two classes, one of them positive", n: subset.items.count)
    }
    let bins = runs.map { run in
      CalibrationBins(
        confidences: subset.items.map { run.confidence[$0] }, outcomes: subset.items.map { run.correct[$0] },
        count: CalibrationEvaluation.binCount)
    }
    let equalMass = runs.map { run in
      EqualMassBins(
        confidences: subset.items.map { run.confidence[$0] }, outcomes: subset.items.map { run.correct[$0] },
        count: CalibrationEvaluation.binCount)
    }
    let found = BinnedCalibration(
      subset, runs: runs, bins: bins, equalMass: equalMass,
      resamples: FigureResamples(
        subset, runs: runs, equalMass: equalMass, figures: figures, hasPositives: false,
        resamples: subset.clusters.count > 1 ? resamples : 0, key: key))
    return .value(
      PositiveCalibration(
        expectedCalibrationError: found.expectedError,
        expectedUnderPerfectCalibration: found.expectedUnderPerfectCalibration,
        debiasedSquaredError: found.debiasedSquaredError, equalMassError: found.equalMassError,
        meanProbability: found.meanConfidence, baseRate: found.accuracy, signedGap: found.signedGap))
  }
}

/// How well stated probabilities agree with how often what they state comes true, in bins: in one subset, for every
/// run, averaged over runs.
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
          confidences: subset.items.map { run.confidence[$0] }, binCount: CalibrationEvaluation.binCount)
      }.mean
    equalMassError = Estimate(
      value: equalMass.map(\.expectedError).mean, interval: resamples.intervalOfBinnedError(.equalMassError))
    pooled = Self.pooled(bins)
    let predictions = Double(subset.items.count * runs.count)
    meanConfidence = pooled.reduce(0) { $0 + $1.confidence } / predictions
    accuracy = pooled.reduce(0) { $0 + $1.outcome } / predictions

    var gapInterval = resamples.interval(.signedGap)
    if accuracy <= 0 || accuracy >= 1 {
      // All came true or none: resampling cannot show the other outcome, so the share's own interval is added.
      let correct =
        subset.proportion(of: runs.map(\.correct))?.interval ?? Interval(lower: 0, upper: 1)
      let bounds = Interval(lower: meanConfidence - correct.upper, upper: meanConfidence - correct.lower)
      gapInterval = gapInterval.map { $0.hull(bounds) }
    }
    signedGap = Estimate(value: meanConfidence - accuracy, interval: gapInterval)
    debiasedSquaredError = Self.debiased(bins, n: subset.items.count).map { error in
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

import Statistics
import Support

extension PositiveCalibration {
  private static let figures: [ResampledFigure] = [
    .expectedCalibrationError, .debiasedSquaredError, .signedGap, .equalMassError,
  ]

  /// Of one subset; undefined but for two classes, one of them positive.
  ///
  /// - Parameters:
  ///   - runs: the scores of every run on all items, those of the positive class.
  ///   - resamples: how many are drawn where there is more than one cluster.
  static func make(
    _ subset: ItemSubset, runs: [ItemScores]?, resamples: Int, key: RandomKey
  ) -> Measured<PositiveCalibration> {
    guard let runs else {
      return .undefined(reason: "it is of two classes, one of them positive", n: subset.members.count)
    }
    let bins = runs.map { run in
      CalibrationBins(
        confidences: subset.members.map { run.confidence[$0] }, outcomes: subset.members.map { run.correct[$0] },
        count: CalibrationEvaluation.binCount)
    }
    let equalMass = runs.map { run in
      EqualMassBins(
        confidences: subset.members.map { run.confidence[$0] }, outcomes: subset.members.map { run.correct[$0] },
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

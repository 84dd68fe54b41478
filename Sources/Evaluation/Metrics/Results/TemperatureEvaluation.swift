package import Statistics

/// What dividing all logits by one temperature, fitted to validation items, does to an arm's calibration: the cheapest
/// remedy, which changes no prediction.
package struct TemperatureEvaluation: Codable, Equatable, Sendable {
  /// Of every run, in their order; above 1 the run was over-confident.
  package var temperatures: [Double]
  /// Items that they were fitted to.
  package var validationItems: Int
  package var overall: Rescaled
  /// In the order of the items' groups.
  package var groups: [Rescaled]

  /// Figures with the logits divided, averaged over runs as those before are.
  package struct Rescaled: Codable, Equatable, Sendable {
    /// nil for all items.
    package var group: GroupName?
    package var expectedCalibrationError: Double
    /// Undefined where the stated probability of an item's label is 0: no temperature changes that.
    package var negativeLogLikelihood: Measured<Double>
    /// Mean confidence minus accuracy.
    package var signedGap: Double
  }
}

extension TemperatureEvaluation {
  /// - Parameters:
  ///   - validation: the same runs on validation items.
  ///   - subsets: all items first, then every group.
  init?(
    of arm: ArmPredictions, validation: ArmPredictions, labels: [Int], items: EvaluationItems, subsets: [ItemSubset]
  ) {
    temperatures = validation.runs.map { TemperatureScaling.fit([$0.logits], labels: labels) }
    validationItems = labels.count
    let runs = zip(arm.runs, temperatures).map {
      ItemScores($0.logits, labels: items.labels, temperature: $1)
    }
    let rescaled = concurrentMap(subsets.count) { number in
      let members = subsets[number].members
      let bins = runs.map { run in
        CalibrationBins(
          confidences: members.map { run.confidence[$0] }, outcomes: members.map { run.correct[$0] },
          count: CalibrationEvaluation.binCount)
      }
      let count = Double(max(1, runs.count))
      let likelihood = runs.meanLogLoss(members: members)
      return Rescaled(
        group: subsets[number].name, expectedCalibrationError: bins.reduce(0) { $0 + $1.expectedError } / count,
        negativeLogLikelihood: likelihood, signedGap: bins.reduce(0) { $0 + $1.signedGap } / count)
    }
    guard let overall = rescaled.first else { return nil }
    self.overall = overall
    groups = Array(rescaled.dropFirst())
  }
}

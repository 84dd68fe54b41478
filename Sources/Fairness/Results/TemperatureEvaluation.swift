/// What dividing all logits by one temperature, fitted to validation items, does to an arm's calibration: the cheapest
/// remedy, which changes no prediction.
package struct TemperatureEvaluation: Equatable, Sendable {
  /// Of every run, in their order; above 1 the run was over-confident.
  package var temperatures: [Double]
  /// Items that they were fitted to.
  package var validationItems: Int
  package var overall: Rescaled
  /// In the order of the items' groups.
  package var groups: [Rescaled]

  /// Figures with the logits divided, averaged over runs as those before are.
  package struct Rescaled: Equatable, Sendable {
    /// nil for all items.
    package var group: GroupName?
    package var expectedCalibrationError: Double
    package var negativeLogLikelihood: Double
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
    let temperatures = temperatures
    let rescaled = subsets.map { subset -> Rescaled in
      var (error, likelihood, gap) = (0.0, 0.0, 0.0)
      for (run, temperature) in zip(arm.runs, temperatures) {
        let scores = ProbabilityScores(
          run.logits, labels: items.labels, members: subset.members, temperature: temperature)
        error += scores.expectedError
        likelihood += scores.negativeLogLikelihood
        gap += scores.signedGap
      }
      let runs = Double(max(1, arm.runs.count))
      return Rescaled(
        group: subset.name, expectedCalibrationError: error / runs, negativeLogLikelihood: likelihood / runs,
        signedGap: gap / runs)
    }
    guard let overall = rescaled.first else { return nil }
    self.overall = overall
    groups = Array(rescaled.dropFirst())
  }
}

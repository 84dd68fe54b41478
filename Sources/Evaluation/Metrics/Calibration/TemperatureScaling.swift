import Foundation
package import Statistics

/// The effect on an arm's calibration of dividing all logits by one temperature, fitted to validation items: the
/// cheapest remedy, which changes no prediction.
package struct TemperatureEvaluation: Codable, Equatable, Sendable {
  /// The temperature of every run, in their order; above 1 if the run was over-confident.
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
    /// Undefined if the stated probability of an item's label is 0: no temperature changes that.
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
      ItemScores($0.logits, items: items, temperature: $1)
    }
    let rescaled = concurrentMap(subsets.count) { number in
      let positions = subsets[number].items
      let bins = runs.map { run in
        CalibrationBins(
          confidences: positions.map { run.confidence[$0] }, outcomes: positions.map { run.correct[$0] },
          count: CalibrationEvaluation.binCount)
      }
      let count = Double(max(1, runs.count))
      let likelihood = runs.meanLogLoss(positions: positions)
      return Rescaled(
        group: subsets[number].name, expectedCalibrationError: bins.reduce(0) { $0 + $1.expectedError } / count,
        negativeLogLikelihood: likelihood, signedGap: bins.reduce(0) { $0 + $1.signedGap } / count)
    }
    guard let overall = rescaled.first else { return nil }
    self.overall = overall
    groups = Array(rescaled.dropFirst())
  }
}

/// One number that all logits are divided by, fitted on validation data (Guo et al. 2017): it changes how confident a
/// model says to be, but not its predictions.
package enum TemperatureScaling {
  /// The search range of temperatures. A fit at its bounds means that the data do not determine the temperature.
  package static let range = 0.01...100.0

  /// The temperature with the smallest negative log-likelihood, which is convex in its inverse.
  ///
  /// - Parameters:
  ///   - runs: Logits of the same items by one or more models; all share the temperature.
  ///   - labels: The class of every item; at least one.
  /// - Returns: 1 without items; a bound of `range` where the likelihood has no minimum within.
  package static func fit(_ runs: [Logits], labels: [Int]) -> Double {
    guard !labels.isEmpty, !runs.isEmpty else { return 1 }
    /// The derivative of the mean negative log-likelihood by the inverse temperature.
    func slope(_ inverse: Double) -> Double {
      var sum = 0.0
      for logits in runs {
        for (item, label) in labels.enumerated() {
          var largest = -Double.infinity
          for other in 0..<logits.classes { largest = max(largest, inverse * logits[item, other]) }
          var (weights, weighted) = (0.0, 0.0)
          for other in 0..<logits.classes where !logits.isRuledOut(item: item, label: other) {
            let weight = exp(inverse * logits[item, other] - largest)
            weights += weight
            weighted += weight * logits[item, other]
          }
          sum += weighted / weights - logits[item, label]
        }
      }
      return sum
    }
    var low = 1 / range.upperBound
    var high = 1 / range.lowerBound
    if slope(low) >= 0 { return range.upperBound }
    if slope(high) <= 0 { return range.lowerBound }
    for _ in 0..<200 {
      let middle = (low * high).squareRoot()
      if middle <= low || middle >= high { break }
      if slope(middle) < 0 { low = middle } else { high = middle }
      if high / low < 1 + 1e-13 { break }
    }
    return 1 / (low * high).squareRoot()
  }
}

import Foundation

/// What one model's probabilities for some items are worth, beyond the binned top-label error.
package struct ProbabilityScores: Equatable, Sendable {
  /// Mean −log p of the label, in nats.
  package let negativeLogLikelihood: Double
  /// Of the confidence in the predicted class against its being right, in 15 bins of equal width.
  package let topLabelBrier: BrierScore
  /// Mean Σ_c (p_c − y_c)², from 0 to 2.
  package let multiclassBrier: Double
  /// Of the top label, in 15 bins of equal width.
  package let expectedError: Double
  /// Mean confidence minus accuracy.
  package let signedGap: Double
  /// The expected calibration error of the top label in 15 bins of equal mass.
  package let equalMassError: Double
  /// The mean over classes of the expected calibration error of p_c against the item being of class c, in 15 bins of equal
  /// width (Kull et al. 2019).
  package let classwiseError: Double

  /// - Parameters:
  ///   - labels: The class of every item.
  ///   - members: Positions of the items that count, at least one; all when left out.
  ///   - temperature: What the logits are divided by.
  package init(_ logits: Logits, labels: [Int], members: [Int]? = nil, temperature: Double = 1) {
    let members = members ?? Array(labels.indices)
    let binCount = CalibrationEvaluation.binCount
    var likelihood = 0.0
    var brier = 0.0
    var confidences: [Double] = []
    var outcomes: [Double] = []
    var classBins = (0..<logits.classes).map { _ in CalibrationBins(count: binCount) }
    for item in members {
      let score = logits.logitScaledProbability(item: item, label: labels[item], temperature: temperature)
      // log(1 + e^−s), without losing either end.
      likelihood += score > 0 ? log1p(exp(-score)) : -score + log1p(exp(score))
      for other in 0..<logits.classes {
        let probability = logits.probability(item: item, label: other, temperature: temperature)
        let outcome = other == labels[item] ? 1.0 : 0
        brier += (probability - outcome) * (probability - outcome)
        classBins[other].add(
          confidence: probability, outcome: outcome, bin: CalibrationBins.number(of: probability, count: binCount),
          weight: 1)
      }
      let prediction = logits.prediction(item: item)
      confidences.append(logits.probability(item: item, label: prediction, temperature: temperature))
      outcomes.append(prediction == labels[item] ? 1 : 0)
    }
    let n = Double(max(1, members.count))
    negativeLogLikelihood = likelihood / n
    multiclassBrier = brier / n
    let bins = CalibrationBins(confidences: confidences, outcomes: outcomes, count: binCount)
    expectedError = bins.expectedError
    signedGap = bins.signedGap
    topLabelBrier = BrierScore(
      probabilities: confidences, outcomes: outcomes,
      bins: confidences.map { CalibrationBins.number(of: $0, count: binCount) }, binCount: binCount)
    equalMassError = EqualMassBins(confidences: confidences, outcomes: outcomes, count: binCount).expectedError
    classwiseError = classBins.reduce(0) { $0 + $1.expectedError } / Double(max(1, logits.classes))
  }
}

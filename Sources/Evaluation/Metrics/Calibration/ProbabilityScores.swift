/// What one model's probabilities for some items are worth, beyond the binned top-label error.
package struct ProbabilityScores: Equatable, Sendable {
  /// Mean −log p of the label, in nats; infinite where the stated probability of one is 0.
  package let negativeLogLikelihood: Double
  /// Of the confidence in the predicted class against its being right, in 15 bins of equal width.
  package let topLabelBrier: BrierScore
  /// Mean Σ_c (p_c − y_c)², from 0 to 2.
  package let multiclassBrier: Double
  /// The top label's, in 15 bins of equal width.
  package let bins: CalibrationBins
  /// The top label's, in 15 bins of about equal mass.
  package let equalMass: EqualMassBins
  /// The mean over classes of the expected calibration error of p_c against the item being of class c, in 15 bins of equal
  /// width (Kull et al. 2019).
  package let classwiseError: Double

  package init(_ logits: Logits, labels: [Int], temperature: Double = 1) {
    self.init(ItemScores(logits, labels: labels, temperature: temperature), members: Array(labels.indices))
  }

  /// - Parameter members: positions of the items that count, at least one.
  init(_ scores: ItemScores, members: [Int]) {
    let binCount = CalibrationEvaluation.binCount
    var (likelihood, brier) = (0.0, 0.0)
    var errors = [Double](repeating: 0, count: scores.classes * binCount)
    var probabilities = [Double](repeating: 0, count: scores.classes)
    for item in members {
      likelihood += scores.negativeLogLikelihood[item]
      brier += scores.multiclassBrier[item]
      scores.logits.probabilities(item: item, temperature: scores.temperature, into: &probabilities)
      for (label, probability) in probabilities.enumerated() {
        errors[label * binCount + CalibrationBins.number(of: probability, count: binCount)] +=
          probability - (scores.labels[item] == label ? 1 : 0)
      }
    }
    let n = Double(max(1, members.count))
    negativeLogLikelihood = likelihood / n
    multiclassBrier = brier / n
    let confidences = members.map { scores.confidence[$0] }
    let outcomes = members.map { scores.correct[$0] }
    bins = CalibrationBins(confidences: confidences, outcomes: outcomes, count: binCount)
    topLabelBrier = BrierScore(
      probabilities: confidences, outcomes: outcomes,
      bins: confidences.map { CalibrationBins.number(of: $0, count: binCount) }, binCount: binCount)
    equalMass = EqualMassBins(confidences: confidences, outcomes: outcomes, count: binCount)
    classwiseError = errors.reduce(0) { $0 + abs($1) } / (n * Double(max(1, scores.classes)))
  }
}

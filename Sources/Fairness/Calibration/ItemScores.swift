import Foundation

/// What one run says about every item, scored: the terms whose sums are its figures.
package struct ItemScores: Sendable {
  let logits: Logits
  let labels: [Int]
  let temperature: Double
  /// The probability of the predicted class.
  package let confidence: [Double]
  /// The predicted class.
  let predictions: [Int32]
  /// 1 where the prediction is the label.
  package let correct: [Double]
  /// −log p of the label, in nats.
  package let negativeLogLikelihood: [Double]
  /// Σ_c (p_c − y_c)², from 0 to 2.
  let multiclassBrier: [Double]
  /// 1 where the label is the positive class; empty without one.
  let positive: [Double]
  /// 1 where the prediction is the positive class; empty without one.
  let selected: [Double]

  var classes: Int { logits.classes }

  /// - Parameters:
  ///   - labels: the class of every item.
  ///   - temperature: what the logits are divided by.
  package init(_ logits: Logits, labels: [Int], positiveClass: Int? = nil, temperature: Double = 1) {
    var probabilities = [Double](repeating: 0, count: logits.classes)
    var confidence: [Double] = []
    var correct: [Double] = []
    var likelihood: [Double] = []
    var brier: [Double] = []
    var predictions: [Int32] = []
    for (item, label) in labels.enumerated() {
      logits.probabilities(item: item, temperature: temperature, into: &probabilities)
      let prediction = logits.prediction(item: item)
      confidence.append(probabilities[prediction])
      correct.append(prediction == label ? 1 : 0)
      let score = logits.logitScaledProbability(item: item, label: label, temperature: temperature)
      // log(1 + e^−s), without losing either end.
      likelihood.append(score > 0 ? log1p(exp(-score)) : -score + log1p(exp(score)))
      var squares = 0.0
      for (other, probability) in probabilities.enumerated() {
        let error = other == label ? 1 - probability : probability
        squares += error * error
      }
      brier.append(squares)
      predictions.append(Int32(prediction))
    }
    (self.logits, self.labels, self.temperature) = (logits, labels, temperature)
    (self.confidence, self.correct, negativeLogLikelihood) = (confidence, correct, likelihood)
    (multiclassBrier, self.predictions) = (brier, predictions)
    positive = positiveClass.map { positive in labels.map { $0 == positive ? 1 : 0 } } ?? []
    selected = positiveClass.map { positive in predictions.map { $0 == positive ? 1 : 0 } } ?? []
  }
}

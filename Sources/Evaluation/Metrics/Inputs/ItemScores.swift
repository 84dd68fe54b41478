import Foundation
import Statistics

/// One run's scores of every item: the terms whose sums are its figures.
package struct ItemScores: Sendable {
  let logits: Logits
  let labels: [Int]
  let temperature: Double
  /// The probability of the predicted class, or of the one that the scores are of.
  package let confidence: [Double]
  /// The predicted class.
  let predictions: [Int32]
  /// Whether another class is as likely as the predicted one.
  let isTied: [Bool]
  /// 1 where the prediction, or the class that the scores are of, is the label.
  package let correct: [Double]
  /// −log p of the label, in nats; infinite where its stated probability is 0.
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
  ///   - rule: what is predicted, whatever the temperature.
  ///   - temperature: what the logits are divided by.
  package init(
    _ logits: Logits, labels: [Int], rule: PredictionRule, positiveClass: Int? = nil, temperature: Double = 1
  ) {
    var probabilities = [Double](repeating: 0, count: logits.classes)
    var confidence: [Double] = []
    var correct: [Double] = []
    var likelihood: [Double] = []
    var brier: [Double] = []
    var predictions: [Int32] = []
    var isTied: [Bool] = []
    for (item, label) in labels.enumerated() {
      logits.probabilities(item: item, temperature: temperature, into: &probabilities)
      let (prediction, hasTied) = rule.decision(logits, item: item)
      confidence.append(probabilities[prediction])
      correct.append(prediction == label ? 1 : 0)
      likelihood.append(logits.negativeLogProbability(item: item, label: label, temperature: temperature))
      var squares = 0.0
      for (other, probability) in probabilities.enumerated() {
        let error = other == label ? 1 - probability : probability
        squares += error * error
      }
      brier.append(squares)
      predictions.append(Int32(prediction))
      isTied.append(hasTied)
    }
    (self.logits, self.labels, self.temperature) = (logits, labels, temperature)
    (self.confidence, self.correct, negativeLogLikelihood) = (confidence, correct, likelihood)
    (multiclassBrier, self.predictions, self.isTied) = (brier, predictions, isTied)
    positive = positiveClass.map { positive in labels.map { $0 == positive ? 1 : 0 } } ?? []
    selected = positiveClass.map { positive in predictions.map { $0 == positive ? 1 : 0 } } ?? []
  }

  /// The scores of evaluated items.
  package init(_ logits: Logits, items: EvaluationItems, temperature: Double = 1) {
    self.init(
      logits, labels: items.labels, rule: PredictionRule(items), positiveClass: items.positiveClass,
      temperature: temperature)
  }

  /// The same run as what it states of one class alone, whatever it predicts: its probability, and whether the item is
  /// of it.
  init(_ run: ItemScores, ofClass label: Int) {
    (logits, labels, temperature, predictions) = (run.logits, run.labels, run.temperature, run.predictions)
    confidence = labels.indices.map { [logits, temperature] in
      logits.probability(item: $0, label: label, temperature: temperature)
    }
    correct = labels.map { $0 == label ? 1 : 0 }
    (negativeLogLikelihood, multiclassBrier) = (run.negativeLogLikelihood, run.multiclassBrier)
    (positive, selected, isTied) = ([], [], run.isTied)
  }
}

extension [ItemScores] {
  /// The mean −log p of the labels, averaged over runs; undefined if a run states that one cannot be.
  ///
  /// - Parameter positions: positions of the items that count, at least one.
  func meanLogLoss(positions: [Int]) -> Measured<Double> {
    let impossible = positions.count { item in contains { $0.negativeLogLikelihood[item] == .infinity } }
    guard impossible == 0 else {
      return .undefined(reason: Self.ruledOut(impossible, of: "item"), n: positions.count)
    }
    let sum = reduce(0.0) { sum, run in
      sum + positions.reduce(0) { $0 + run.negativeLogLikelihood[$1] } / Double(Swift.max(1, positions.count))
    }
    return .value(sum / Double(Swift.max(1, count)))
  }

  /// "5 items had probability 0 for their class".
  static func ruledOut(_ count: Int, of items: String) -> String {
    count == 1 ? "1 \(items) had probability 0 for its class" : "\(count) \(items)s had probability 0 for their class"
  }
}

/// What a run, or all of an arm's runs together, says about every item, as counts of runs, whose sums are exact in any
/// order.
struct ItemOutcomes {
  /// The number of runs that are counted.
  var runs: Int
  /// In how many runs the prediction is the label.
  var correct: [Double]
  /// In how many runs the positive class is predicted; empty without a positive class.
  var selected: [Double]
  /// The runs that are counted, each by itself; empty for one run.
  private var parts: [ItemOutcomes] = []

  /// Every run by itself.
  var byRun: [ItemOutcomes] { parts.isEmpty ? [self] : parts }

  /// One run.
  init(correct: [Double], selected: [Double]) {
    (runs, self.correct, self.selected) = (1, correct, selected)
  }

  init(_ scores: ItemScores) { self.init(correct: scores.correct, selected: scores.selected) }

  /// Several runs together, with this class as the positive one.
  init(counting runs: [ItemScores], positiveClass: Int) {
    self.init(
      counting: runs.map { run in
        var outcomes = ItemOutcomes(run)
        outcomes.selected = run.predictions.map { Int($0) == positiveClass ? 1 : 0 }
        return outcomes
      })
  }

  /// All runs of an arm together.
  init(counting runs: [ItemOutcomes]) {
    func sum(_ path: KeyPath<ItemOutcomes, [Double]>) -> [Double] {
      let count = runs.first?[keyPath: path].count ?? 0
      return (0..<count).map { item in runs.reduce(0) { $0 + $1[keyPath: path][item] } }
    }
    self.runs = runs.count
    correct = sum(\.correct)
    selected = sum(\.selected)
    parts = runs.count > 1 ? runs : []
  }
}

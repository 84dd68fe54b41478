/// What a run, or all of an arm's runs together, says about every item, as counts of runs, whose sums are exact in any
/// order.
struct ItemOutcomes {
  /// The number of runs that are counted.
  var runs: Int
  /// In how many runs the prediction is the label.
  var correct: [Double]
  /// In how many runs the positive class is predicted; empty without a positive class.
  var selected: [Double]
  /// The probability of the predicted class; empty for several runs.
  var confidence: [Double]

  init(_ logits: Logits, items: EvaluationItems) {
    runs = 1
    correct = []
    selected = []
    confidence = []
    for item in 0..<items.count {
      let prediction = logits.prediction(item: item)
      correct.append(prediction == items.labels[item] ? 1 : 0)
      if let positiveClass = items.positiveClass { selected.append(prediction == positiveClass ? 1 : 0) }
      confidence.append(logits.probability(item: item, label: prediction))
    }
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
    confidence = []
  }
}

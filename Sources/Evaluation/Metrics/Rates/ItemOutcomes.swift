/// What a run, or all of an arm's runs together, says about every item, as counts of runs, whose sums are exact in any
/// order.
struct ItemOutcomes {
  /// The number of runs that are counted.
  var runs: Int
  /// In how many runs the prediction is the label.
  var correct: [Double]
  /// In how many runs the positive class is predicted; empty without a positive class.
  var selected: [Double]

  init(runs: Int, correct: [Double], selected: [Double]) {
    (self.runs, self.correct, self.selected) = (runs, correct, selected)
  }

  init(_ scores: ItemScores) { (runs, correct, selected) = (1, scores.correct, scores.selected) }

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
  }
}

/// Which class a model's outputs predict: the same one whatever the order of columns, classes or files.
///
/// Of two classes, one of them positive, the positive one is predicted from a probability of one half on, as a
/// threshold of .50 reads it. Otherwise the class with the largest output is; of several that tie, the first in the
/// sorted order of class names.
///
///     let rule = PredictionRule(classNames: ["no", "yes"], positiveClass: 1)
///     rule.prediction(try Logits(probabilities: [0.5, 0.5], count: 1, classes: 2), item: 0)  // 1
package struct PredictionRule: Equatable, Sendable {
  /// Of two classes; nil where the largest output decides.
  private let positiveClass: Int?
  /// The classes in the sorted order of their names.
  private let order: [Int]

  /// - Parameters:
  ///   - classNames: in the order of the outputs.
  ///   - positiveClass: decides where there are two classes; among more the largest output does.
  package init(classNames: [String], positiveClass: Int? = nil) {
    self.positiveClass = classNames.count == 2 ? positiveClass : nil
    order = classNames.indices.sorted { (classNames[$0], $0) < (classNames[$1], $1) }
  }

  package init(_ items: EvaluationItems) {
    self.init(classNames: items.classNames, positiveClass: items.positiveClass)
  }

  /// The predicted class of the item at position `item`.
  package func prediction(_ logits: Logits, item: Int) -> Int { decision(logits, item: item).label }

  /// The predicted class, and whether another is as likely, so that only this rule decides.
  package func decision(_ logits: Logits, item: Int) -> (label: Int, isTied: Bool) {
    if let positiveClass {
      let probability = logits.probability(item: item, label: positiveClass)
      return (probability >= 0.5 ? positiveClass : 1 - positiveClass, probability == 0.5)
    }
    var best = order.first ?? 0
    var isTied = false
    for label in order.dropFirst() {
      let (value, largest) = (logits.output(item: item, label: label), logits.output(item: item, label: best))
      if value > largest {
        (best, isTied) = (label, false)
      } else if value == largest {
        isTied = true
      }
    }
    return (best, isTied)
  }
}

/// How many of one run's predictions in a group are ties, which `PredictionRule` decides.
package struct TieCount: Codable, Equatable, Sendable {
  /// nil for a model that no seed changes.
  package var seed: Int?
  /// `nil` for all items.
  package var group: GroupName?
  /// Items.
  package var n: Int
  /// More than 0.
  package var ties: Int
}

extension [TieCount] {
  /// The counts that are not 0: by run, over all items first, then in every group.
  init(_ runs: [ItemScores], seeds: [Int?], subsets: [ItemSubset]) {
    self = zip(runs, seeds).flatMap { run, seed in
      run.isTied.contains(true)
        ? subsets.compactMap { subset -> TieCount? in
          let ties = subset.items.count { run.isTied[$0] }
          return ties == 0 ? nil : TieCount(seed: seed, group: subset.name, n: subset.items.count, ties: ties)
        } : []
    }
  }
}

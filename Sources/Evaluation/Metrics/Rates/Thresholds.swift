import Foundation
package import Statistics

/// The effect of thresholds other than the model's own on an arm's rates. Items from a probability on count as
/// positive.
package struct ThresholdEvaluation: Codable, Equatable, Sendable {
  /// Items on which thresholds were chosen.
  package var validationItems: Int
  /// Over all items first, then in every group.
  package var sweeps: [ThresholdSweep]
  /// By rule, over all items first where it is about them, then by group.
  package var choices: [ChosenThreshold]
}

/// Rates in one group at every threshold, averaged over runs; on test items.
package struct ThresholdSweep: Codable, Equatable, Sendable {
  package struct Point: Codable, Equatable, Sendable {
    package var threshold: Double
    package var accuracy: Double
    package var selectionRate: Double
    /// `nil` in a group without positives.
    package var truePositiveRate: Measured<Double>
    /// `nil` in a group without negatives.
    package var falsePositiveRate: Measured<Double>
  }

  /// `nil` for all items.
  package var group: GroupName?
  package var points: [Point]
}

/// How a threshold is chosen on validation items.
package enum ThresholdRule: String, Codable, CaseIterable, Sendable {
  /// One for all groups: the threshold of the highest accuracy over all items.
  case common
  /// Each group's own: the threshold of the highest accuracy among its items.
  case ownAccuracy = "own_accuracy"
  /// Each group's own: the highest at which its true positive rate reaches the rate of all items at the common
  /// threshold (equal opportunity; Hardt, Price and Srebro 2016).
  case equalOpportunity = "equal_opportunity"
}

/// A threshold that was chosen on validation items, and its effect on test items.
package struct ChosenThreshold: Codable, Equatable, Sendable {
  package var rule: ThresholdRule
  /// `nil` for all items.
  package var group: GroupName?
  package var chosen: Measured<Chosen>

  package struct Chosen: Codable, Equatable, Sendable {
    /// The thresholds of the runs, in their order.
    package var thresholds: [Double]
    /// On test items, every item counted with its average over the runs.
    package var rates: GroupRates
  }
}

/// Positive-class probabilities of one run's items, with which of them are positive.
struct PositiveScores: Sendable {
  let probabilities: [Double]
  let isPositive: [Bool]

  init(_ logits: Logits, labels: [Int], positiveClass: Int) {
    probabilities = labels.indices.map { logits.probability(item: $0, label: positiveClass) }
    isPositive = labels.map { $0 == positiveClass }
  }

  /// Shares at each threshold, of some items.
  func counts(positions: [Int]) -> ThresholdCounts {
    var counts = ThresholdCounts()
    for item in positions { counts.add(probabilities[item], isPositive: isPositive[item]) }
    return counts
  }
}

/// How many items lie at or above each threshold of the grid .01, .02 … .99.
struct ThresholdCounts {
  static let grid = (1...99).map { Double($0) / 100 }

  private(set) var positives = 0
  private(set) var negatives = 0
  /// The number of items whose last threshold at or below their probability is this one; index 0 is below all.
  private var positivesUpTo = [Int](repeating: 0, count: 100)
  private var negativesUpTo = [Int](repeating: 0, count: 100)

  mutating func add(_ probability: Double, isPositive: Bool) {
    // The threshold itself decides, not the rounding of a product.
    var step = min(99, max(0, Int(probability * 100)))
    while step < 99, probability >= Self.grid[step] { step += 1 }
    while step > 0, probability < Self.grid[step - 1] { step -= 1 }
    if isPositive {
      positives += 1
      positivesUpTo[step] += 1
    } else {
      negatives += 1
      negativesUpTo[step] += 1
    }
  }

  struct Selected {
    var truePositives: Int
    var falsePositives: Int
  }

  /// The selected items at each threshold of the grid.
  var selected: [Selected] {
    var found = Selected(truePositives: positives, falsePositives: negatives)
    return Self.grid.indices.map { step in
      found.truePositives -= positivesUpTo[step]
      found.falsePositives -= negativesUpTo[step]
      return found
    }
  }

  var items: Int { positives + negatives }

  func correct(_ selected: Selected) -> Int { selected.truePositives + negatives - selected.falsePositives }

  /// The threshold with most right items; of several, the one closest to .5.
  var mostAccurate: Double {
    let correct = selected.map(self.correct)
    let best = correct.max() ?? 0
    let candidates = Self.grid.indices.filter { correct[$0] == best }.map { Self.grid[$0] }
    return candidates.min { abs($0 - 0.5) < abs($1 - 0.5) } ?? 0.5
  }

  /// The true positive rate at a threshold of the grid; nil without positives.
  func truePositiveRate(at threshold: Double) -> Double? {
    guard positives > 0, let step = Self.grid.firstIndex(of: threshold) else { return nil }
    return Double(selected[step].truePositives) / Double(positives)
  }

  /// The highest threshold at which at least this share of positives is selected; the lowest where none does.
  func highest(reaching rate: Double) -> Double? {
    guard positives > 0 else { return nil }
    let step = selected.lastIndex { Double($0.truePositives) >= rate * Double(positives) - 1e-9 }
    return Self.grid[step ?? 0]
  }
}

extension ThresholdEvaluation {
  /// The points that are reported.
  private static let reported = stride(from: 4, to: 99, by: 5).map { $0 }

  /// - Parameters:
  ///   - subsets: all items first, then every group.
  ///   - positiveClass: of two classes.
  init(
    of arm: ArmPredictions, validation: ArmPredictions, on validationItems: ValidationPredictions,
    items: EvaluationItems, positiveClass: Int, subsets: [ItemSubset], minimumSize: Int
  ) {
    let test = arm.runs.map { PositiveScores($0.logits, labels: items.labels, positiveClass: positiveClass) }
    let fitted = validation.runs.map {
      PositiveScores($0.logits, labels: validationItems.labels, positiveClass: positiveClass)
    }
    self.validationItems = validationItems.labels.count
    sweeps = concurrentMap(subsets.count) { Self.sweep(subsets[$0], runs: test) }
    let everybody = Array(validationItems.labels.indices)
    let whole = fitted.map { $0.counts(positions: everybody) }
    let common = whole.map(\.mostAccurate)

    func point(_ rule: ThresholdRule, _ subset: ItemSubset, _ thresholds: Measured<[Double]>) -> ChosenThreshold {
      ChosenThreshold(
        rule: rule, group: subset.name,
        chosen: thresholds.map { thresholds in
          ChosenThreshold.Chosen(
            thresholds: thresholds,
            rates: GroupRates(
              subset, outcomes: ItemOutcomes(selecting: zip(test, thresholds).map { ($0, $1) }), items: items))
        })
    }
    func thresholds(_ subset: ItemSubset, _ choose: (ThresholdCounts, Int) -> Double?) -> Measured<[Double]> {
      let positions = validationItems.groups.first { $0.name == subset.name }?.items ?? []
      guard positions.count >= minimumSize else {
        return .undefined(
          reason: "\(positions.count) validation items are too few to choose a threshold on, minimum \(minimumSize)",
          n: positions.count)
      }
      let chosen = fitted.indices.compactMap { choose(fitted[$0].counts(positions: positions), $0) }
      return chosen.count == fitted.count
        ? .value(chosen) : .undefined(reason: "no positives among the validation items", n: positions.count)
    }
    let groups = subsets.dropFirst()
    choices =
      subsets.map { point(.common, $0, .value(common)) }
      + groups.map { subset in point(.ownAccuracy, subset, thresholds(subset) { counts, _ in counts.mostAccurate }) }
      + groups.map { subset in
        point(
          .equalOpportunity, subset,
          thresholds(subset) { counts, run in
            whole[run].truePositiveRate(at: common[run]).flatMap(counts.highest)
          })
      }
  }

  private static func sweep(_ subset: ItemSubset, runs: [PositiveScores]) -> ThresholdSweep {
    let counts = runs.map { $0.counts(positions: subset.items) }
    let selected = counts.map(\.selected)
    let (n, positives) = (Double(max(1, subset.items.count)), counts.first?.positives ?? 0)
    let negatives = subset.items.count - positives
    let points = reported.map { step -> ThresholdSweep.Point in
      func mean(_ figure: (Int) -> Int) -> Double {
        Double(runs.indices.reduce(0) { $0 + figure($1) }) / Double(max(1, runs.count))
      }
      let found = mean { selected[$0][step].truePositives }
      let wrong = mean { selected[$0][step].falsePositives }
      return ThresholdSweep.Point(
        threshold: ThresholdCounts.grid[step], accuracy: (found + Double(negatives) - wrong) / n,
        selectionRate: (found + wrong) / n,
        truePositiveRate: positives > 0
          ? .value(found / Double(positives)) : .undefined(reason: "no positives", n: subset.items.count),
        falsePositiveRate: negatives > 0
          ? .value(wrong / Double(negatives)) : .undefined(reason: "no negatives", n: subset.items.count))
    }
    return ThresholdSweep(group: subset.name, points: points)
  }
}

extension ItemOutcomes {
  /// Several runs together, each with its own threshold.
  fileprivate init(selecting runs: [(scores: PositiveScores, threshold: Double)]) {
    self.init(
      counting: runs.map { scores, threshold in
        let selected = scores.probabilities.map { $0 >= threshold }
        return ItemOutcomes(
          correct: zip(selected, scores.isPositive).map { $0 == $1 ? 1 : 0 },
          selected: selected.map { $0 ? 1 : 0 })
      })
  }
}

extension ArmPredictions {
  /// The same with every run's logits divided by a temperature of its own; no prediction changes, for ties stay ties.
  package func rescaled(by temperatures: [Double]) throws(EvaluationError) -> ArmPredictions {
    try changed { run, _, _, logit in logit / temperatures[run] }
  }

  /// The same, of two classes, with the positive one predicted of some items from another probability on than a half.
  ///
  /// - Parameters:
  ///   - thresholds: a run each, in (0, 1).
  ///   - positions: positions of those items.
  package func thresholded(
    _ thresholds: [Double], positions: [Int], positiveClass: Int
  ) throws(EvaluationError) -> ArmPredictions {
    let positions = Set(positions)
    let shifts = thresholds.map { log($0 / (1 - $0)) }
    return try changed { run, item, label, logit in
      guard label == positiveClass, positions.contains(item) else { return logit }
      let logits = runs[run].logits
      let (shifted, other) = (logit - shifts[run], logits[item, 1 - positiveClass])
      // The threshold decides, as in the table of thresholds, and not the rounding of the difference.
      let isSelected = logits.probability(item: item, label: positiveClass) >= thresholds[run]
      return isSelected ? max(shifted, other) : min(shifted, other - 1e-12 * max(1, abs(other)))
    }
  }

  private func changed(
    _ change: (_ run: Int, _ item: Int, _ label: Int, _ logit: Double) -> Double
  ) throws(EvaluationError) -> ArmPredictions {
    var arm = self
    for number in runs.indices {
      let logits = runs[number].logits
      var values: [Double] = []
      values.reserveCapacity(logits.count * logits.classes)
      for item in 0..<logits.count {
        for label in 0..<logits.classes { values.append(change(number, item, label, logits[item, label])) }
      }
      arm.runs[number].logits = try Logits(values: values, count: logits.count, classes: logits.classes)
    }
    return arm
  }

  /// For every run the threshold with most right items among some, on the grid .01 … .99; of several, the one closest
  /// to .5.
  package func mostAccurateThresholds(labels: [Int], positions: [Int], positiveClass: Int) -> [Double] {
    runs.map { run in
      PositiveScores(run.logits, labels: labels, positiveClass: positiveClass).counts(positions: positions).mostAccurate
    }
  }
}

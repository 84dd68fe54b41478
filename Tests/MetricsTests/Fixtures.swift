import Metrics
import Support

/// Makes small evaluations by hand.
enum Fixture {
  /// Two-class (or more) logits whose largest is at the prediction, with the top probability `confidence`.
  static func logits(predicting predictions: [Int], classes: Int = 2, margin: Float = 2) throws -> Logits {
    let values = predictions.flatMap { prediction in
      (0..<classes).map { $0 == prediction ? margin : Float(0) }
    }
    return try Logits(values: values, count: predictions.count, classes: classes)
  }

  static func arm(_ name: String, _ predictions: [[Int]], classes: Int = 2) throws -> ArmPredictions {
    ArmPredictions(
      arm: name,
      runs: try predictions.enumerated().map {
        RunPredictions(seed: $0, logits: try logits(predicting: $1, classes: classes))
      })
  }

  static func items(
    labels: [Int], clusters: [Int]? = nil, groups: [Subgroup] = [], classes: Int = 2, positiveClass: Int? = 1
  ) -> EvaluationItems {
    EvaluationItems(
      identifiers: labels.indices.map { "item-\($0)" }, labels: labels,
      classNames: (0..<classes).map { "class-\($0)" }, clusters: clusters ?? Array(labels.indices), groups: groups,
      positiveClass: positiveClass)
  }

  /// A group for each value of a column.
  static func groups(_ column: String, _ values: [String]) -> [Subgroup] {
    var names: [String] = []
    for value in values where !names.contains(value) { names.append(value) }
    return names.map { name in
      Subgroup(column: column, value: name, items: values.indices.filter { values[$0] == name })
    }
  }

  static let rule = DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 20)

  static func evaluate(
    _ items: EvaluationItems, _ arms: [ArmPredictions], rule: DecisionRule = rule, seed: Int = 1
  ) throws -> FairnessEvaluation {
    let comparisons = arms.dropFirst().map { ArmComparison(arm: $0.arm, reference: arms[0].arm) }
    return try FairnessEvaluation.evaluate(
      items: items, arms: arms, comparisons: comparisons, rule: rule, key: RandomKey(seed: seed))
  }
}

import Metrics
import Report
import Support

/// The smallest audits: one arm that is always right on four items of one group, and nothing else measured.
enum SmallAudit {
  static func report(
    arms: [String] = ["full"], groups: [Subgroup] = [Subgroup(column: "tone", value: "light", items: [0, 1, 2, 3])],
    comparisons: [ArmComparison] = [], positiveClass: Int? = nil
  ) throws -> AuditReport {
    let labels = [0, 1, 0, 1]
    let items = EvaluationItems(
      identifiers: labels.indices.map { "item-\($0)" }, labels: labels, classNames: ["no", "yes"],
      clusters: Array(labels.indices), groups: groups, positiveClass: positiveClass)
    let values: [Float] = labels.flatMap { $0 == 1 ? [-3, 3] : [3, -3] }
    let logits = try Logits(values: values, count: 4, classes: 2)
    let fairness = try FairnessEvaluation.evaluate(
      items: items, arms: arms.map { ArmPredictions(arm: $0, runs: [RunPredictions(seed: 13, logits: logits)]) },
      comparisons: comparisons, rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 50),
      key: RandomKey(seed: 1))
    return AuditReport(
      name: "small", task: "image-classification", planHash: "00ff", planVersion: 1, classNames: items.classNames,
      positiveClass: positiveClass.map { items.classNames[$0] },
      counts: ItemCounts(items: 10, train: 5, validation: 1, test: 4), seeds: [13], groups: groups,
      arms: arms.map {
        ArmDescription(name: $0, kind: $0 == "full" ? .full : .lora, trainableParameters: 1, epochs: 1, rate: 0.1)
      },
      fairness: fairness, ratesWereFixed: false)
  }
}

import ExternalEvaluation
import Foundation
import Metrics
import Report
import Support
import TestSupport

/// A reference that was evaluated, and windows of the same model.
struct MonitoringFixture {
  let folder: TemporaryFolder

  struct Batch {
    var count = 300
    /// The first item's number.
    var first = 10_000
    /// The share of items that are labelled.
    var labelled = 0.0
    /// How well classes are told apart at dusk.
    var dusk = 1.4
    /// What scores at dusk are multiplied by: less than one is less sure.
    var sureness = 1.0
    var light = ["day", "dusk"]
    /// The share of labels that are the other class.
    var flipped = 0.0
    var arms = ["lora"]
    var seeds = [13]
  }

  static let rules: [Policy.Rule] = [
    Policy.Rule(metric: .accuracy, groups: .every, demand: .atLeast(0.6)),
    Policy.Rule(metric: .selectionRate, groups: .all, demand: .atMost(0.7)),
  ]

  /// - Parameter rules: of the policy that was fixed; nil for none.
  init(rules: [Policy.Rule]? = rules, arms: [String] = ["lora"], seeds: [Int] = [13], count: Int = 400) throws {
    folder = try TemporaryFolder()
    let batch = Batch(count: count, first: 0, labelled: 1, arms: arms, seeds: seeds)
    let file = try folder.write(Self.text(batch, key: RandomKey(seed: 1)), to: "reference.csv")
    var report = try PredictionsEvaluation(
      PredictionsEvaluation.Settings(
        files: [file], groups: ["light", "age"], intersections: [["light", "age"]],
        rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 30), name: "reference")
    ).report()
    if let rules {
      report.judge(Policy(owner: nil, deadline: nil, minimumSize: 30, arms: nil, rules: rules))
    }
    try folder.write(report.results.bytes(), to: "results.json")
  }

  /// - Parameter settings: changes to those that fit this reference.
  func monitor(_ settings: (inout MonitoringSettings) -> Void = { _ in }) throws -> Monitor {
    var own = MonitoringSettings(reference: folder.path, referencePredictions: ["\(folder.path)/reference.csv"])
    settings(&own)
    return try Monitor(own)
  }

  func window(_ batch: Batch, seed: Int = 2, name: String = "window.csv") throws -> WindowFile {
    try WindowFile(file: try folder.write(Self.text(batch, key: RandomKey(seed: seed)), to: name))
  }

  static func text(_ batch: Batch, key: RandomKey) -> String {
    var text = "arm,seed,item,label,logit_no,logit_yes,light,age,cluster,size\n"
    for arm in batch.arms {
      for seed in batch.seeds {
        var generator = key["batch"].generator
        for item in 0..<batch.count {
          let light = batch.light[generator.index(below: batch.light.count)]
          let age = generator.index(below: 2) == 0 ? "old" : "young"
          let isYes = generator.index(below: 2) == 1
          let strength = light == "dusk" ? batch.dusk : 1.8
          let own = RandomKey(seed: seed)[arm][item + batch.first]
          var noise = own.generator
          let sureness = light == "dusk" ? batch.sureness : 1
          let score = sureness * ((isYes ? strength : -strength) + generator.normal() * 1.4 + noise.normal() * 0.1)
          let label = (generator.uniform() < batch.flipped) != isYes ? "yes" : "no"
          let shown = generator.uniform() < batch.labelled ? label : ""
          text += "\(arm),\(seed),i\(batch.first + item),\(shown),\(Float(-score)),\(Float(score)),\(light),\(age),"
          text += "p\((batch.first + item) / 2),\(generator.normal() + 5)\n"
        }
      }
    }
    return text
  }
}

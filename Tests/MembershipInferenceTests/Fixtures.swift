import Foundation
import MembershipInference
import Metrics
import Support

enum Fixture {
  /// A fleet on noise: `people` clusters of two items, in complementary pairs of models; members' true logit is raised
  /// by `leak`.
  static func shadowModels(
    models: Int = 8, people: Int = 200, classes: Int = 3, leak: (Int) -> Double, groups: [Subgroup] = [], seed: Int
  ) throws -> ShadowModels {
    let key = RandomKey(seed: seed)
    let items = 2 * people
    let clusters = (0..<items).map { $0 / 2 }
    let labels = (0..<items).map { $0 * 7 % classes }
    var masks: [[Bool]] = []
    for pair in 0..<(models / 2) {
      var generator = key["masks"][pair].generator
      let people = (0..<people).map { _ in generator.uniform() < 0.5 }
      masks.append(clusters.map { people[$0] })
      masks.append(clusters.map { !people[$0] })
    }
    let difficulty = key["difficulty"]
    let logits = try masks.indices.map { model in
      var values: [Float] = []
      for item in 0..<items {
        var generator = key["noise"][model][item].generator
        var common = difficulty[item].generator
        for label in 0..<classes {
          var value = generator.normal() + 2 * common.normal()
          if label == labels[item], masks[model][item] { value += leak(item) }
          values.append(Float(value))
        }
      }
      return try Logits(values: values, count: items, classes: classes)
    }
    return ShadowModels(arm: "full", masks: masks, logits: logits, labels: labels, clusters: clusters, groups: groups)
  }

  static func evaluate(
    _ shadowModels: ShadowModels, attacks: [Attack] = Attack.standard, confidence: Double = 0.95, seed: Int = 1
  ) throws -> PrivacyEvaluation {
    try PrivacyEvaluation.evaluate(
      shadowModels: shadowModels, attacks: attacks, confidence: confidence, key: RandomKey(seed: seed))
  }

  /// A fleet on direct scores, one item a cluster: every item has a difficulty of its own, every model adds noise, and
  /// members score higher by `leak`.
  static func directShadowModels(
    arm: String = "full", models: Int = 8, items: Int = 200, design: ShadowModelDesign = .symmetric, noise: Double = 1,
    leak: (Int) -> Double, groups: [Subgroup] = [], masks: [[Bool]]? = nil, seed: Int
  ) -> ShadowModels {
    let key = RandomKey(seed: seed)
    var chosen = masks ?? []
    if masks == nil {
      for pair in 0..<(models / 2) {
        var generator = key["masks"][pair].generator
        let mask = (0..<items).map { _ in generator.uniform() < 0.5 }
        chosen += [mask, mask.map { !$0 }]
      }
    }
    var difficulty = key["difficulty"].generator
    let base = (0..<items).map { _ in difficulty.normal() }
    let scores = chosen.enumerated().map { model, mask in
      var generator = key["noise"][arm][model].generator
      return [
        (0..<items).map { base[$0] + noise * generator.normal() + (mask[$0] ? leak($0) : 0) }
      ]
    }
    return ShadowModels(
      arm: arm, design: design, masks: chosen, scores: .direct(scores, .logitScaled), labels: [],
      clusters: Array(0..<items), groups: groups)
  }

  /// Disjoint groups of equal size, item by item in turn.
  static func groups(_ count: Int, items: Int) -> [Subgroup] {
    (0..<count).map { group in
      Subgroup(column: "tone", value: "\(group)", items: Array(stride(from: group, to: items, by: count)))
    }
  }
}

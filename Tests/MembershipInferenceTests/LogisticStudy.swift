import Foundation
import MembershipInference
import Metrics
import Support

/// Logistic models that are really trained, so that what they remember is remembered by learning and planted by nobody.
///
/// Items of two groups follow a rule each, on features of their own, and a share of labels is wrong. What cannot be learned
/// from others is remembered: wrong labels, and most of a group that has few items.
struct LogisticStudy {
  private let key: RandomKey
  private let features: [[Double]]
  private let labels: [Int]
  private let isRare: [Bool]

  /// Features of a group.
  private static let dimensions = 40
  private static let wrongLabels = 0.15
  private static let rate = 0.01
  private static let initialDeviation = 0.3

  /// - Parameter rare: the share of the items that the second group has.
  init(items: Int, rare: Double = 0.5, seed: Int) {
    key = RandomKey(seed: seed)["logistic"]
    var generator = key["items"].generator
    let rules = (0..<2).map { _ in (0..<Self.dimensions).map { _ in generator.normal() } }
    let count = Int((rare * Double(items)).rounded())
    var (features, labels): ([[Double]], [Int]) = ([], [])
    for item in 0..<items {
      let group = item < count ? 1 : 0
      let own = (0..<Self.dimensions).map { _ in generator.normal() }
      let none = own.map { _ in 0.0 }
      let isRight = generator.uniform() >= Self.wrongLabels
      let isPositive = zip(own, rules[group]).reduce(0) { $0 + $1.0 * $1.1 } > 0
      features.append(group == 0 ? own + none : none + own)
      labels.append(isPositive == isRight ? 1 : 0)
    }
    (self.features, self.labels) = (features, labels)
    isRare = labels.indices.map { $0 < count }
  }

  /// Half masks in complementary pairs; the same for every fleet of the study.
  func masks(models: Int) -> [[Bool]] {
    (0..<models / 2).flatMap { pair -> [[Bool]] in
      var generator = key["masks"][pair].generator
      let mask = labels.map { _ in generator.uniform() < 0.5 }
      return [mask, mask.map { !$0 }]
    }
  }

  /// Stochastic gradient descent, an item a step, each epoch in an order of its own.
  ///
  /// - Returns: the models' logits for every item, and every item's loss after each epoch.
  private func train(on mask: [Bool], epochs: Int, model: Int) -> (logits: [Float], trace: [[Double]]) {
    let members = mask.indices.filter { mask[$0] }
    var initial = key["initial"][model].generator
    var weights = (0..<2 * Self.dimensions).map { _ in Self.initialDeviation * initial.normal() }
    func logit(_ item: Int) -> Double { zip(weights, features[item]).reduce(0) { $0 + $1.0 * $1.1 } }
    var trace: [[Double]] = []
    for epoch in 0..<epochs {
      for position in key["order"][model][epoch].permutation(count: members.count) {
        let item = members[position]
        let error = 1 / (1 + exp(-logit(item))) - Double(labels[item])
        for index in weights.indices { weights[index] -= Self.rate * error * features[item][index] }
      }
      trace.append(labels.indices.map { log1p(exp(labels[$0] == 1 ? -logit($0) : logit($0))) })
    }
    return (labels.indices.flatMap { [0, Float(logit($0))] }, trace)
  }

  /// A fleet whose models are trained for so many epochs.
  func shadowModels(
    arm: String = "full", models: Int = 16, epochs: Int, design: ShadowModelDesign = .symmetric, masks: [[Bool]]? = nil,
    trainedOn trained: [[Bool]]? = nil
  ) throws -> ShadowModels {
    let masks = masks ?? self.masks(models: models)
    let found = (trained ?? masks).enumerated().map { train(on: $1, epochs: epochs, model: $0) }
    let members = { (isRare: Bool) in labels.indices.filter { self.isRare[$0] == isRare } }
    let groups = [("common", false), ("rare", true)].map { value, isRare in
      Subgroup(column: "group", value: value, items: members(isRare))
    }
    return ShadowModels(
      arm: arm, design: design, masks: masks,
      scores: .logits(try found.map { [try Logits(values: $0.logits, count: labels.count, classes: 2)] }),
      lossTraces: epochs < 2 ? nil : found.map(\.trace), labels: labels, clusters: Array(labels.indices),
      groups: groups.filter { !$0.items.isEmpty })
  }

  /// What attacks find.
  func evaluate(_ shadowModels: ShadowModels, attacks: [Attack]) throws -> [AttackEvaluation] {
    try PrivacyStudy.evaluate(shadowModelsByArm: [shadowModels], attacks: { _ in attacks }, key: key["statistics"])
      .evaluations[0].attacks
  }
}

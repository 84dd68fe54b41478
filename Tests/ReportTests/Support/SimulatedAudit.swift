import Foundation
import MembershipInference
import Metrics
import Report
import Statistics
import Support

/// An audit of simulated predictions, evaluated by the real entry points: four arms, three seeds, five groups of two
/// columns, four items a person. One group, `lighting=dusk`, is rare and hard; full fine-tuning leaks membership.
enum SimulatedAudit {
  /// Evaluated once for all tests.
  static let report = Result { try makeReport() }

  private static let key = RandomKey(seed: 5)
  private static let seeds = [13, 42, 1337]
  private static let arms: [(name: String, skill: Double, scale: Double, leak: Double)] = [
    ("base", 1.0, 1.4, 0), ("lora-r2", 1.35, 2.0, 0.1), ("lora-r8", 1.52, 2.2, 0.2), ("full", 1.55, 4.2, 0.9),
  ]

  private static func makeReport() throws -> AuditReport {
    let items = items(people: 150, key: key["test"])
    let predictions = try arms.map { arm in
      ArmPredictions(
        arm: arm.name,
        runs: try seeds.map { seed in
          RunPredictions(seed: seed, logits: try logits(items, arm: arm, key: key["noise"][arm.name][seed]))
        })
    }
    let fairness = try FairnessEvaluation.evaluate(
      items: items, arms: predictions,
      comparisons: ["lora-r2", "lora-r8"].map { ArmComparison(arm: $0, reference: "full") },
      rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 50), key: key["fairness"])
    let pool = SimulatedAudit.items(people: 100, key: key["pool"])
    let study = try PrivacyStudy.evaluate(
      shadowModelsByArm: arms.map { try fleet(pool, arm: $0) },
      comparisons: ["lora-r2", "lora-r8"].map { ArmComparison(arm: $0, reference: "full") },
      rule: PrivacyRule(margin: 0.03, minimumGroupSize: 50), key: key["attack"])
    return AuditReport(
      name: "smile", task: "image-classification",
      planHash: "9f2c61d07be3a1508c44e6f0b1d2c3a495867768594a3b2c1d0e9f8a7b6c5d4e", planVersion: 1,
      classNames: items.classNames, positiveClass: "smiling",
      counts: ItemCounts(items: 3_000, train: 2_100, validation: 300, test: items.count), seeds: seeds,
      groups: items.groups, arms: descriptions, fairness: fairness, privacy: study.evaluations, shadowModels: 8,
      poolItems: pool.count, losses: losses, ratesWereFixed: true, costs: costs, workers: 2, samples: samples,
      privacyRule: study.rule, privacyComparisons: study.comparisons)
  }

  /// Four items a person; tone belongs to the person, lighting to the item.
  private static func items(people: Int, key: RandomKey) -> EvaluationItems {
    var generator = key.generator
    var members: [String: [Int]] = [:]
    var labels: [Int] = []
    for person in 0..<people {
      let tone = person % 5 == 0 ? "dark" : "light"
      for _ in 0..<4 {
        let draw = generator.uniform()
        let lighting = draw < 0.13 ? "dusk" : draw < 0.4 ? "lamp" : "day"
        members[tone, default: []].append(labels.count)
        members[lighting, default: []].append(labels.count)
        labels.append(generator.uniform() < 0.5 ? 1 : 0)
      }
    }
    let groups = [("lighting", "day"), ("lighting", "lamp"), ("lighting", "dusk"), ("tone", "light"), ("tone", "dark")]
    return EvaluationItems(
      identifiers: labels.indices.map { "item-\($0)" }, labels: labels, classNames: ["neutral", "smiling"],
      clusters: labels.indices.map { $0 / 4 },
      groups: groups.map { Subgroup(column: $0.0, value: $0.1, items: members[$0.1] ?? []) }, positiveClass: 1)
  }

  private static func logits(
    _ items: EvaluationItems, arm: (name: String, skill: Double, scale: Double, leak: Double), key: RandomKey,
    membership: [Bool]? = nil
  ) throws -> Logits {
    var shared = SimulatedAudit.key["difficulty"][items.count].generator
    let difficulty = items.labels.map { _ in shared.normal() }
    let dusk = Set(items.groups.first { $0.value == "dusk" }?.items ?? [])
    var generator = key.generator
    var values: [Float] = []
    for (item, label) in items.labels.enumerated() {
      var margin = arm.skill + 0.8 * difficulty[item] + 0.35 * generator.normal()
      if dusk.contains(item) { margin -= arm.name == "full" ? 0.6 : arm.name == "lora-r2" ? 0.95 : 0.75 }
      if membership?[item] == true { margin += arm.leak * (1 + difficulty[item] * 0.4) }
      let half = Float(arm.scale * margin / 2)
      values += label == 1 ? [-half, half] : [half, -half]
    }
    return try Logits(values: values, count: items.count, classes: 2)
  }

  private static func fleet(
    _ pool: EvaluationItems, arm: (name: String, skill: Double, scale: Double, leak: Double)
  ) throws -> ShadowModels {
    var masks: [[Bool]] = []
    for pair in 0..<4 {
      let order = key["masks"][pair].permutation(count: pool.count / 4)
      let chosen = Set(order.prefix(pool.count / 8))
      let mask = pool.clusters.map(chosen.contains)
      masks += [mask, mask.map { !$0 }]
    }
    let logits = try masks.enumerated().map { model, mask in
      try SimulatedAudit.logits(pool, arm: arm, key: key["fleet"][arm.name][model], membership: mask)
    }
    return ShadowModels(
      arm: arm.name, masks: masks, logits: logits, labels: pool.labels, clusters: pool.clusters, groups: pool.groups)
  }

  private static let descriptions = [
    ArmDescription(name: "base", kind: .head, trainableParameters: 386, epochs: 3, rate: 1e-3),
    ArmDescription(name: "lora-r2", kind: .lora, trainableParameters: 18_818, rank: 2, epochs: 3, rate: 1e-3),
    ArmDescription(name: "lora-r8", kind: .lora, trainableParameters: 74_114, rank: 8, epochs: 3, rate: 1e-3),
    ArmDescription(name: "full", kind: .full, trainableParameters: 2_711_042, epochs: 3, rate: 1e-4),
  ]

  private static let costs = [1.0, 1.9, 2.1, 4.3].enumerated().flatMap { index, weight in
    AuditPhase.allCases.map { phase in
      let share = phase == .training ? 1.0 : phase == .evaluation ? 0.08 : 2.4
      let bytes = [40_000.0, 9_200_000, 36_100_000, 1_310_000_000][index] * share
      return PhaseCost(
        arm: arms[index].name, phase: phase, wallSeconds: 11.3 * weight * share, workerSeconds: 21.9 * weight * share,
        processorSeconds: 21.2 * weight * share, coordinatorProcessorSeconds: 0.21 * weight * share,
        bytesSent: Int(bytes * 0.52), bytesReceived: Int(bytes * 0.48),
        peakResidentBytes: 211_000_000 + index * 31_400_000)
    }
  }

  private static let losses = arms.enumerated().flatMap { index, arm in
    let runs = seeds.map {
      RunLosses(
        arm: arm.name, seed: $0, model: nil, epochs: losses(index, offset: $0 % 7),
        validation: validation(isFalling: arm.name == "lora-r2", offset: $0 % 7))
    }
    let fleet = (0..<8).map { RunLosses(arm: arm.name, seed: nil, model: $0, epochs: losses(index, offset: $0)) }
    return runs + fleet
  }

  private static func losses(_ arm: Int, offset: Int) -> [Double] {
    (0..<3).map { (0.72 - 0.06 * Double(arm)) * exp(-0.13 * Double($0 * (arm + 1))) + 0.006 * Double(offset) }
  }

  /// Ten points of 600 steps: by as much in every tenth, or to where nothing changes any more.
  private static func validation(isFalling: Bool, offset: Int) -> [ValidationCurve.Point] {
    (1...10).map { point in
      let fallen = isFalling ? 0.02 * Double(point) : 0.2 * (1 - exp(-Double(point)))
      return ValidationCurve.Point(step: 60 * point, loss: 0.7 - fallen + 0.006 * Double(offset))
    }
  }

  private static let samples = [("day", "smiling"), ("dusk", "smiling"), ("dusk", "neutral")].map { lighting, label in
    SampleImage(
      group: GroupName(column: "lighting", value: lighting), label: label, bytes: pixel, mediaType: .png,
      predictions: arms.map { arm in
        SamplePrediction(arm: arm.name, label: arm.name == "base" && lighting == "dusk" ? "neutral" : label)
      })
  }

  /// A grey image of one pixel.
  private static let pixel =
    Data(
      base64Encoded:
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
    ).map { [UInt8]($0) } ?? []
}

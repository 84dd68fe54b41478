import Metrics
import Statistics
package import Support

extension EvaluationItems {
  /// Items of groups, one after the other, in clusters of neighbours that do not reach beyond a group.
  ///
  /// - Parameters:
  ///   - groups: The items of every group, and how they fall into clusters.
  ///   - labels: The class of every item; all of class 1 where none are given.
  static func planted(groups: [(size: Int, layout: ClusterLayout)], labels: [Int]? = nil) -> EvaluationItems {
    let count = groups.reduce(0) { $0 + $1.size }
    var clusters: [Int] = []
    var subgroups: [Subgroup] = []
    var nextCluster = 0
    for (number, group) in groups.enumerated() {
      let first = clusters.count
      clusters += group.layout.numbers(items: group.size).map { nextCluster + $0 }
      nextCluster += group.layout.sizes(items: group.size).count
      subgroups.append(Subgroup(column: "group", value: "\(number)", items: Array(first..<clusters.count)))
    }
    return EvaluationItems(
      identifiers: (0..<count).map { "item-\($0)" }, labels: labels ?? Array(repeating: 1, count: count),
      classNames: ["negative", "positive"], clusters: clusters, groups: subgroups, positiveClass: 1)
  }
}

/// How many seeds there are, and by how much their models differ in truth.
func seedWords(_ seeds: Int, deviation: Double) -> [String] {
  guard seeds > 1 else { return ["1 seed"] }
  return ["\(seeds) seeds", deviation > 0 ? "deviation \(shareWords(deviation))" : "no deviation"]
}

/// A share without its leading zero: .05, −.03, 0.
func shareWords(_ share: Double) -> String {
  let text = "\((abs(share) * 10_000).rounded() / 10_000)"
  let short = text == "0.0" ? "0" : String(text.trimmingPrefix("0"))
  return share < 0 ? "−" + short : short
}

/// Two models of one seed whose four cells (both right, either alone, both wrong) have exactly the planted shares.
///
/// A cluster has an outcome of its own, drawn from the cells. Each of its items shows it with probability √ρ and
/// otherwise a fresh draw, so that everything about two items of a cluster, their differences too, correlates by ρ.
package struct PairedCells: Sendable {
  /// The reference's accuracy.
  package let accuracy: Double
  /// The arm's accuracy minus the reference's.
  package let difference: Double
  package let discordance: Double
  package let layout: ClusterLayout
  /// Between two items of a cluster.
  package let correlation: Double

  package init(
    accuracy: Double, difference: Double, discordance: Double, layout: ClusterLayout = .unclustered,
    correlation: Double = 0
  ) {
    self.accuracy = accuracy
    self.difference = difference
    self.discordance = discordance
    self.layout = layout
    self.correlation = correlation
  }

  /// The true variance of the mean difference over `items` items.
  func variance(items: Int) -> TwoWayVariance {
    let own = discordance - difference * difference
    let effect = layout.isClustered ? 1 + (layout.sizeSeen(items: items) - 1) * correlation : 1
    return TwoWayVariance(
      ofClusters: own * effect / Double(items), ofSeeds: nil, clusters: layout.sizes(items: items).count,
      effectiveClusters: Double(items) / layout.sizeSeen(items: items), seeds: 1)
  }

  /// Who is right: 1 for an item that is right, otherwise 0.
  package func draw(items: Int, key: RandomKey) -> (arm: [Double], reference: [Double]) {
    var generator = key.generator
    let copies = correlation.squareRoot()
    var arm: [Double] = []
    var reference: [Double] = []
    for size in layout.sizes(items: items) {
      let cluster: (arm: Double, reference: Double) = layout.isClustered ? cell(generator.uniform()) : (0, 0)
      for _ in 0..<size {
        let isCopy = layout.isClustered && generator.uniform() < copies
        let own = isCopy ? cluster : cell(generator.uniform())
        arm.append(own.arm)
        reference.append(own.reference)
      }
    }
    return (arm, reference)
  }

  private func cell(_ draw: Double) -> (arm: Double, reference: Double) {
    let referenceAlone = (discordance - difference) / 2
    if draw < referenceAlone { return (0, 1) }
    if draw < discordance { return (1, 0) }
    return draw < discordance + accuracy - referenceAlone ? (1, 1) : (0, 0)
  }
}

/// Models that training with other seeds gives of one arm, on items that stay the same.
///
/// For item i and the model of seed s, let z = √.6·I_i + √.4·E_is with independent standard normals; the model is right
/// where z ≤ Φ⁻¹(p_s). Its accuracy over all items there could be, p_s, is drawn for every seed: .86, .88, .9, .92 or
/// .94, each as likely.
struct SeedModel: Sendable {
  /// Every seed's predictions for the items, and two true figures.
  struct Draw: Sendable {
    /// By seed, 1 for an item that is right, otherwise 0.
    var correct: [[Double]]
    /// The accuracy that a further seed's model would have on average on these items.
    var accuracyOnItems: Double
  }

  var items: Int
  var seeds: Int
  private static let accuracies = [0.86, 0.88, 0.9, 0.92, 0.94]
  /// On average, over all items and seeds there could be.
  static let accuracy = 0.9
  private static let shared = 0.6

  func draw(key: RandomKey) -> Draw {
    var generator = key.generator
    let thresholds = Self.accuracies.map(NormalDistribution.quantile)
    let (itemScale, ownScale) = (Self.shared.squareRoot(), (1 - Self.shared).squareRoot())
    let effects = (0..<items).map { _ in itemScale * generator.normal() }
    let chances = effects.map { effect in
      thresholds.reduce(0) { $0 + NormalDistribution.cumulative(($1 - effect) / ownScale) } / Double(thresholds.count)
    }
    let correct = (0..<seeds).map { _ in
      let threshold = thresholds[generator.index(below: thresholds.count)]
      return effects.map { $0 + ownScale * generator.normal() <= threshold ? 1.0 : 0 }
    }
    return Draw(correct: correct, accuracyOnItems: chances.reduce(0, +) / Double(items))
  }
}

/// A model of two classes that is over-confident by the same gap at every confidence.
///
/// The confidence in the predicted class is 1 − u²/2 with u uniform, from ½ to 1 and mostly near 1: u = Φ(v) of a
/// normal v that an item's seeds share by .7 and its cluster, where there are several items in one, by .3. The model is
/// right where another normal z, independent of v, is at most Φ⁻¹(confidence − gap): so of the predictions of any
/// confidence the share confidence − gap is right, and the squared calibration error is gap² exactly, whatever the
/// bins. z is shared by a cluster by `correlation`, by an item's seeds by .4 more. Every seed's gap deviates by a normal
/// variable of its own.
struct CalibratedPredictions: Sendable {
  var items: Int
  /// Confidence minus the share that is right, from 0 to below ½.
  var gap: Double
  var seeds: Int
  /// The standard deviation of the gap over seeds.
  var seedDeviation: Double
  var layout: ClusterLayout
  /// The correlation of z between two items of a cluster, from 0 to .6.
  var correlation: Double

  /// The squared calibration error of the method's models, on average.
  var squaredError: Double { gap * gap + seedDeviation * seedDeviation }

  /// The share that is right among the predictions whose confidence lies in a bin, from ½ on.
  func accuracy(confidence: ClosedRange<Double>) -> Double {
    // The confidence is 1 − u²/2 with u uniform.
    let low = (2 * (1 - confidence.upperBound)).squareRoot()
    let high = (2 * (1 - confidence.lowerBound)).squareRoot()
    return 1 - (high * high + high * low + low * low) / 6 - gap
  }

  /// The items, without groups, and the one arm.
  func draw(key: RandomKey) throws(StudyError) -> (items: EvaluationItems, arm: ArmPredictions) {
    var generator = key.generator
    let isClustered = layout.isClustered
    let confidenceShares = Self.scales(cluster: isClustered ? 0.3 : 0, item: isClustered ? 0.4 : 0.7)
    let outcomeShares = Self.scales(cluster: isClustered ? correlation : 0, item: 0.4)
    var probabilities = [[Double]](repeating: [], count: seeds)
    // The label, by seed: where a model is wrong it has predicted the other class than the label.
    var labels: [Int] = []
    let gaps = (0..<seeds).map { seed -> Double in
      var own = key[.seeds][seed].generator
      return gap + seedDeviation * own.normal()
    }
    var cluster = (confidence: 0.0, outcome: 0.0)
    var last = -1
    for (item, number) in layout.numbers(items: items).enumerated() {
      if number != last { cluster = (generator.normal(), generator.normal()) }
      last = number
      let label = item % 2
      labels.append(label)
      let own = (confidence: generator.normal(), outcome: generator.normal())
      for seed in 0..<seeds {
        let v = zip(confidenceShares, [cluster.confidence, own.confidence, generator.normal()]).reduce(0) {
          $0 + $1.0 * $1.1
        }
        let z = zip(outcomeShares, [cluster.outcome, own.outcome, generator.normal()]).reduce(0) { $0 + $1.0 * $1.1 }
        let u = NormalDistribution.cumulative(v)
        let confidence = 1 - u * u / 2
        let isRight = NormalDistribution.cumulative(z) <= confidence - gaps[seed]
        let ofLabel = isRight ? confidence : 1 - confidence
        probabilities[seed] += label == 1 ? [1 - ofLabel, ofLabel] : [ofLabel, 1 - ofLabel]
      }
    }
    do throws(EvaluationError) {
      var runs: [RunPredictions] = []
      for (seed, own) in probabilities.enumerated() {
        runs.append(
          RunPredictions(seed: seed, logits: try Logits(probabilities: own, count: items, classes: 2)))
      }
      var planted = EvaluationItems.planted(groups: [(items, layout)], labels: labels)
      planted.groups = []
      return (planted, ArmPredictions(arm: "arm", runs: runs))
    } catch {
      throw .evaluation(error)
    }
  }

  private static func scales(cluster: Double, item: Double) -> [Double] {
    [cluster, item, 1 - cluster - item].map { $0.squareRoot() }
  }
}

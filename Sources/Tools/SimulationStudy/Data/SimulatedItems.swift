import Metrics
import Statistics
package import Support

extension EvaluationItems {
  /// Items of groups of equal size, one after the other, in clusters of neighbours that do not reach beyond a group.
  ///
  /// - Parameter labels: The class of every item; all of class 1 where none are given.
  static func planted(groups: Int, size: Int, clusterSize: Int, labels: [Int]? = nil) -> EvaluationItems {
    let count = groups * size
    let clustersEach = (size + clusterSize - 1) / clusterSize
    return EvaluationItems(
      identifiers: (0..<count).map { "item-\($0)" }, labels: labels ?? Array(repeating: 1, count: count),
      classNames: ["negative", "positive"],
      clusters: (0..<count).map { $0 / size * clustersEach + $0 % size / clusterSize },
      groups: (0..<groups).map { number in
        Subgroup(column: "group", value: "\(number)", items: Array(number * size..<(number + 1) * size))
      },
      positiveClass: 1)
  }
}

/// Says of simulated data what a row's reader must know.
func clusterWords(_ size: Int, _ correlation: Double) -> String {
  size > 1 ? "clusters of \(size), correlation \(shareWords(correlation))" : "unclustered"
}

func seedWords(_ seeds: Int) -> String { seeds == 1 ? "1 seed" : "\(seeds) seeds" }

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
  package let clusterSize: Int
  /// Between two items of a cluster.
  package let correlation: Double

  package init(
    accuracy: Double, difference: Double, discordance: Double, clusterSize: Int = 1, correlation: Double = 0
  ) {
    self.accuracy = accuracy
    self.difference = difference
    self.discordance = discordance
    self.clusterSize = clusterSize
    self.correlation = correlation
  }

  /// Who is right: 1 for an item that is right, otherwise 0.
  package func draw(items: Int, key: RandomKey) -> (arm: [Double], reference: [Double]) {
    var generator = key.generator
    let copies = correlation.squareRoot()
    var arm: [Double] = []
    var reference: [Double] = []
    var cluster = (arm: 0.0, reference: 0.0)
    for item in 0..<items {
      if clusterSize > 1, item % clusterSize == 0 { cluster = cell(generator.uniform()) }
      let isCopy = clusterSize > 1 && generator.uniform() < copies
      let own = isCopy ? cluster : cell(generator.uniform())
      arm.append(own.arm)
      reference.append(own.reference)
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
/// bins. z is shared by a cluster by `correlation`, by an item's seeds by .4 more.
struct CalibratedPredictions: Sendable {
  var items: Int
  /// Confidence minus the share that is right, from 0 to below ½.
  var gap: Double
  var seeds: Int
  var clusterSize: Int
  /// The correlation of z between two items of a cluster, from 0 to .6.
  var correlation: Double

  /// The items, without groups, and the one arm.
  func draw(key: RandomKey) throws(StudyError) -> (items: EvaluationItems, arm: ArmPredictions) {
    var generator = key.generator
    let isClustered = clusterSize > 1
    let confidenceShares = Self.scales(cluster: isClustered ? 0.3 : 0, item: isClustered ? 0.4 : 0.7)
    let outcomeShares = Self.scales(cluster: isClustered ? correlation : 0, item: 0.4)
    var probabilities = [[Double]](repeating: [], count: seeds)
    // The label, by seed: where a model is wrong it has predicted the other class than the label.
    var labels: [Int] = []
    var cluster = (confidence: 0.0, outcome: 0.0)
    for item in 0..<items {
      if item % clusterSize == 0 { cluster = (generator.normal(), generator.normal()) }
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
        let isRight = NormalDistribution.cumulative(z) <= confidence - gap
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
      var planted = EvaluationItems.planted(groups: 1, size: items, clusterSize: clusterSize, labels: labels)
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

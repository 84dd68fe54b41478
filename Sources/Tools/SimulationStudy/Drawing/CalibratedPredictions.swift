internal import Metrics
internal import Statistics
internal import Support

/// A model of two classes that is over-confident by the same gap at every confidence.
///
/// The confidence in the predicted class is 1 − u²/2 with u uniform, from ½ to 1 and mostly near 1: u = Φ(v) of a normal
/// v that an item's seeds share by .7 and its cluster, where there are several items in one, by .3. The model is right
/// where another normal z, independent of v, is at most Φ⁻¹(confidence − gap): so of the predictions of any confidence
/// the share confidence − gap is right, and the squared calibration error is gap² exactly, whatever the bins. z is shared
/// by a cluster by `correlation`, by an item's seeds by .4 more.
struct CalibratedPredictions: Sendable {
  var items: Int
  /// Confidence minus the share that is right, from 0 to below ½.
  var gap: Double
  var seeds: Int
  var clusterSize: Int
  /// Of z between two items of a cluster, from 0 to .6.
  var correlation: Double

  /// The items, without groups, and the one arm.
  func draw(key: RandomKey) throws(PlantedTruthsError) -> (items: EvaluationItems, arm: ArmPredictions) {
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

import Foundation
import Metrics
package import Statistics
package import Support

/// A probit model of which model is right about which item.
///
/// For item i of cluster c and the model of arm a and seed s, a latent variable is standard normal: z = √γ·C_c + √ι·I_i
/// + √α·A_ca + √(1 − γ − ι − α)·E_ias, where C, I and the other terms are independent standard normals. The model is
/// right where z ≤ Φ⁻¹(p_as), so its accuracy is p_as exactly. Each share of the variance is common to something: γ to
/// a cluster, ι to an item under every model, α to a cluster under all models of an arm; the rest is independent.
/// Unclustered items are clusters of one.
///
/// Training again moves an arm's accuracy: p_as = p_a + σ·g_as with independent standard normals g and σ the
/// `seedDeviation`. What the method does is p_a; what these very models do is the mean of their p_as.
package struct CorrectnessModel: Sendable {
  /// The shares of the variance of z.
  struct Shares: Equatable, Sendable {
    var cluster = 0.0
    var item = 0.0
    var armInCluster = 0.0
    var own: Double { max(0, 1 - cluster - item - armInCluster) }
  }

  /// The accuracy of every arm, averaged over the seeds there could be.
  var accuracies: [Double]
  var seeds: Int
  /// The standard deviation over seeds of one arm's accuracy; far enough below the distance to 0 and 1.
  var seedDeviation = 0.0
  var layout: ClusterLayout
  var shares: Shares

  /// The true accuracy of the model of every arm and seed.
  ///
  /// - Parameter key: The audit's; groups that share the effects of seeds share it.
  package func accuracies(key: RandomKey) -> [[Double]] {
    accuracies.enumerated().map { arm, accuracy in
      var generator = key[.seeds][arm].generator
      return (0..<seeds).map { _ in
        guard seedDeviation > 0 else { return accuracy }
        return min(0.9995, max(0.0005, accuracy + seedDeviation * generator.normal()))
      }
    }
  }

  /// Draws correctness: by arm, seed and item, 1 if the model is right, otherwise 0.
  ///
  /// - Parameter seedKey: Where `accuracies(key:)` are drawn from; `key` unless groups share them.
  package func draw(items: Int, key: RandomKey, seedKey: RandomKey? = nil) -> [[[Double]]] {
    var generator = key[.latent].generator
    let thresholds = accuracies(key: seedKey ?? key).map { $0.map(NormalDistribution.quantile) }
    let scales = [shares.cluster, shares.item, shares.armInCluster, shares.own].map { $0.squareRoot() }
    var correct = accuracies.map { _ in
      (0..<seeds).map { _ in [Double](repeating: 0, count: items) }
    }
    var arms = [Double](repeating: 0, count: accuracies.count)
    var item = 0
    for size in layout.sizes(items: items) {
      let cluster = scales[0] * generator.normal()
      for arm in arms.indices { arms[arm] = scales[2] * generator.normal() }
      for _ in 0..<size {
        let shared = cluster + scales[1] * generator.normal()
        for arm in arms.indices {
          for seed in 0..<seeds where shared + arms[arm] + scales[3] * generator.normal() <= thresholds[arm][seed] {
            correct[arm][seed][item] = 1
          }
        }
        item += 1
      }
    }
    return correct
  }
}

extension CorrectnessModel {
  /// One arm whose correctness has the given correlation between two items of a cluster under one model, and between
  /// two models of different seeds on one item.
  package static func single(
    accuracy: Double, seeds: Int = 1, seedDeviation: Double = 0, layout: ClusterLayout = .unclustered,
    intraCluster: Double = 0, betweenSeeds: Double = 0
  ) throws(StudyError) -> CorrectnessModel {
    func latent(_ correlation: Double) throws(StudyError) -> Double {
      let joint = accuracy * accuracy + correlation * accuracy * (1 - accuracy)
      guard
        let found = argument(
          in: 0...0.9999, at: joint,
          of: {
            BivariateNormal.joint(accuracy, accuracy, correlation: $0)
          })
      else { throw .unreachable(what: "a correlation of correctness of", value: correlation) }
      return found
    }
    let cluster = layout.isClustered ? try latent(intraCluster) : 0
    let item = seeds > 1 ? max(0, try latent(betweenSeeds) - cluster) : 0
    return CorrectnessModel(
      accuracies: [accuracy], seeds: seeds, seedDeviation: seedDeviation, layout: layout,
      shares: Shares(cluster: cluster, item: item))
  }

  /// A reference, the first arm, and other arms that differ from it.
  ///
  /// - Parameters:
  ///   - differences: The accuracies of the other arms minus the reference's.
  ///   - discordance: The share of items about which one of the reference and the first other arm is right and the
  ///     other
  ///     wrong, under one seed at their mean accuracies.
  ///   - intraCluster: The correlation of the seed-averaged difference between two items of a cluster.
  package static func paired(
    accuracy: Double, differences: [Double], discordance: Double, seeds: Int, seedDeviation: Double = 0,
    layout: ClusterLayout = .unclustered, intraCluster: Double = 0
  ) throws(StudyError) -> CorrectnessModel {
    let accuracies = [accuracy] + differences.map { accuracy + $0 }
    let pair = (reference: accuracies[0], arm: accuracies[1])
    guard
      let between = argument(
        in: 0...0.9999, at: (pair.reference + pair.arm - discordance) / 2,
        of: {
          BivariateNormal.joint(pair.reference, pair.arm, correlation: $0)
        })
    else { throw .unreachable(what: "a discordance of", value: discordance) }
    var model = CorrectnessModel(
      accuracies: accuracies, seeds: seeds, seedDeviation: seedDeviation, layout: layout,
      shares: Shares(cluster: between, armInCluster: (1 - between) / 2))
    guard layout.isClustered else { return model }
    // Difficulty is mostly the cluster's, not the item's; otherwise differences in a cluster could not correlate
    // enough.
    model.shares = Shares(cluster: 0.8 * between, item: 0.2 * between)
    guard
      let armInCluster = argument(
        in: 0...(1 - between), at: intraCluster,
        of: { share in
          var candidate = model
          candidate.shares.armInCluster = share
          return candidate.intraClusterCorrelationOfDifferences
        })
    else { throw .unreachable(what: "an intra-cluster correlation of differences of", value: intraCluster) }
    model.shares.armInCluster = armInCluster
    return model
  }

  /// The correlation, between two items of a cluster, of the seed-averaged difference of the first two arms, at their
  /// mean accuracies.
  package var intraClusterCorrelationOfDifferences: Double {
    let parts = moments
    return parts.otherItem / parts.averaged(seeds: seeds)
  }

  /// The correlation between two seeds of an item's difference: how much seeds agree on what differs.
  var seedAgreementOfDifferences: Double { moments.otherSeed / moments.own }

  /// The true variance of the mean over `items` items and the seeds, and what the estimators of its parts are on
  /// average: of the one arm's accuracy, or of the difference of the first two arms.
  package func variance(items: Int) -> TwoWayVariance {
    let (n, s, parts) = (Double(items), Double(seeds), moments)
    let ofItems = (parts.averaged(seeds: seeds) + (layout.sizeSeen(items: items) - 1) * parts.otherItem) / n
    let ofBoth = (parts.own - parts.otherSeed) / (n * s)
    let arms = Double(min(2, accuracies.count))
    return TwoWayVariance(
      ofClusters: ofItems, ofSeeds: arms * seedDeviation * seedDeviation / s + ofBoth, ofBoth: ofBoth,
      clusters: layout.sizes(items: items).count,
      effectiveClusters: n / layout.sizeSeen(items: items), seeds: seeds)
  }

  /// Of an item's correctness, or its difference between the first two arms, under one seed: its variance, and its
  /// covariances with that of another seed on the same item, and with that of another item of the cluster.
  private struct Moments {
    var own: Double
    var otherSeed: Double
    var otherItem: Double

    func averaged(seeds: Int) -> Double { (own + Double(seeds - 1) * otherSeed) / Double(seeds) }
  }

  private var moments: Moments {
    func covariance(_ first: Double, _ second: Double, _ correlation: Double) -> Double {
      BivariateNormal.joint(first, second, correlation: min(0.9999, correlation)) - first * second
    }
    let reference = accuracies[0]
    let (cluster, item) = (shares.cluster, shares.cluster + shares.item)
    guard accuracies.count > 1 else {
      return Moments(
        own: reference * (1 - reference),
        otherSeed: covariance(reference, reference, item + shares.armInCluster),
        otherItem: layout.isClustered ? covariance(reference, reference, cluster + shares.armInCluster) : 0)
    }
    let arm = accuracies[1]
    // The covariance of two differences, each between a model of either arm. Latent variables correlate by `inArm`
    // within an arm and by `between` across arms.
    func ofDifferences(inArm: Double, between: Double) -> Double {
      covariance(reference, reference, inArm) + covariance(arm, arm, inArm) - 2 * covariance(reference, arm, between)
    }
    return Moments(
      own: reference * (1 - reference) + arm * (1 - arm) - 2 * covariance(reference, arm, item),
      otherSeed: ofDifferences(inArm: item + shares.armInCluster, between: item),
      otherItem: layout.isClustered ? ofDifferences(inArm: cluster + shares.armInCluster, between: cluster) : 0)
  }
}

/// The bivariate normal distribution with standard margins.
package enum BivariateNormal {
  /// The probability that the first variable is at most `x` and the second at most `y`.
  ///
  /// Φ(x)Φ(y) plus the integral over the correlation's arc sine (Plackett 1954; Drezner and Wesolowsky 1990), by
  /// Simpson's rule.
  ///
  /// - Parameter correlation: From 0 to below 1.
  package static func cumulative(_ x: Double, _ y: Double, correlation: Double) -> Double {
    let steps = 200
    let end = asin(correlation)
    func density(_ angle: Double) -> Double {
      let cosine = cos(angle)
      return exp(-(x * x + y * y - 2 * x * y * sin(angle)) / (2 * cosine * cosine))
    }
    var sum = density(0) + density(end)
    for step in 1..<steps { sum += density(end * Double(step) / Double(steps)) * (step % 2 == 1 ? 4 : 2) }
    return NormalDistribution.cumulative(x) * NormalDistribution.cumulative(y)
      + sum * end / Double(steps) / 3 / (2 * Double.pi)
  }

  /// The probability that two events of probabilities `first` and `second` both happen, when their latent
  /// normal variables are correlated.
  static func joint(_ first: Double, _ second: Double, correlation: Double) -> Double {
    cumulative(
      NormalDistribution.quantile(first), NormalDistribution.quantile(second), correlation: correlation)
  }
}

/// The argument in `range` at which an increasing function takes `value`; nil if there is none.
func argument(in range: ClosedRange<Double>, at value: Double, of function: (Double) -> Double) -> Double? {
  var (low, high) = (range.lowerBound, range.upperBound)
  guard function(low) <= value + 1e-12, function(high) >= value - 1e-12 else { return nil }
  for _ in 0..<60 {
    let middle = (low + high) / 2
    if function(middle) < value { low = middle } else { high = middle }
  }
  return (low + high) / 2
}

import Foundation

/// A share of items, averaged over the runs of an arm, with an interval that knows clusters and seeds.
///
/// The interval is Wilson's at the effective number of items n' = p(1 − p)/V, with Student's quantile instead of the
/// normal one where items are clustered or there are three seeds or more (Korn and Graubard 1998 do the same for Clopper
/// and Pearson's interval). V is the `TwoWayVariance`; its part of clusters is ν·D/n, with ν the variance of the items'
/// averages over runs, p(1 − p) for one run, and the design effect D = 1 + (m̃ − 1)·ρ, where ρ is shrunk: see
/// `ShrunkCorrelation`.
///
/// The lower bound never lies above that of the same clusters without an error, nor the upper one below that of the same
/// clusters without a success: no data are judged better than the same clusters without an error.
package struct Proportion: Codable, Equatable, Sendable {
  /// A whole number for one run; the sum of the items' seed averages over several.
  package var successes: Double
  package var n: Int
  /// How many clusters the items are of.
  package var clusters: Int
  /// How many independent items, seen in one run, would vary as much.
  package var effectiveN: Double
  package var value: Double
  package var interval: Interval

  package init(
    successes: Double, n: Int, clusters: Int, effectiveN: Double, value: Double, interval: Interval
  ) {
    (self.successes, self.n, self.clusters) = (successes, n, clusters)
    (self.effectiveN, self.value, self.interval) = (effectiveN, value, interval)
  }

  /// - Parameters:
  ///   - runs: For every run, the success of every item: 1 or 0, or a share of it. At least one run and one item.
  ///   - clusters: The cluster number of every item, from 0 to below `clusterCount`; clusters may be empty.
  package init(runs: [[Double]], clusters: [Int], clusterCount: Int, confidence: Double = 0.95) {
    let count = runs.first?.count ?? 0
    let ones = [Double](repeating: 1, count: count)
    let ratio = RatioEstimate(
      runs: runs.map { (numerators: $0, denominators: ones) }, clusters: clusters, clusterCount: clusterCount,
      confidence: confidence)
    self.init(
      successes: runs.reduce(0) { $0 + $1.reduce(0, +) } / Double(max(1, runs.count)), n: count,
      clusters: ratio?.clusters ?? 0, effectiveN: ratio?.effectiveN ?? 0, value: ratio?.value ?? 0,
      interval: ratio?.interval ?? Interval(lower: 0, upper: 1))
  }

  /// One run.
  package init(values: [Double], clusters: [Int], clusterCount: Int, confidence: Double = 0.95) {
    self.init(runs: [values], clusters: clusters, clusterCount: clusterCount, confidence: confidence)
  }
}

/// The intra-cluster correlation that an interval assumes.
///
/// It cannot be estimated where nearly all items are right: were it 0 with one error and 1 with none, one more error
/// would narrow the interval. So the estimate ρ̂ is shrunk towards ½ by how much there is to see,
/// ρ = w·ρ̂ + (1 − w)/2 with w = e²/(e² + 8), where e is the number of clusters that hold an error, or a success where those
/// are fewer.
package struct ShrunkCorrelation: Equatable, Sendable {
  package let value: Double

  package init(estimate: Double, clustersWithErrors: Int, clustersWithSuccesses: Int) {
    let seen = Double(min(clustersWithErrors, clustersWithSuccesses))
    let weight = seen * seen / (seen * seen + 8)
    value = weight * min(1, max(0, estimate)) + (1 - weight) / 2
  }
}

/// A share whose denominator may be random too, such as precision: Σx / Σd over items of which each adds x to the one
/// and d to the other, 0 ≤ x ≤ d, in every run. With d = 1 everywhere it is a share of items.
package struct RatioEstimate: Sendable {
  package let value: Double
  package let effectiveN: Double
  /// How many clusters add to the denominator.
  package let clusters: Int
  package let interval: Interval

  /// - Parameters:
  ///   - runs: What every item adds to numerator and denominator, 0 to 1, by run; `nil` is returned where all
  ///     denominators are 0.
  ///   - clusters: The cluster number of every item, from 0 to below `clusterCount`; clusters may be empty.
  package init?(
    runs: [(numerators: [Double], denominators: [Double])], clusters: [Int], clusterCount: Int,
    confidence: Double = 0.95
  ) {
    var above = [Double](repeating: 0, count: clusterCount)
    var below = above
    // What every item adds, averaged over runs.
    var itemsAbove = [Double](repeating: 0, count: clusters.count)
    var itemsBelow = itemsAbove
    for run in runs {
      for (item, cluster) in clusters.enumerated() {
        above[cluster] += run.numerators[item]
        below[cluster] += run.denominators[item]
        itemsAbove[item] += run.numerators[item]
        itemsBelow[item] += run.denominators[item]
      }
    }
    let total = below.reduce(0, +)
    guard total > 0 else { return nil }
    let share = above.reduce(0, +) / total
    let seeds = Double(runs.count)
    let groups = below.count { $0 > 0 }
    let n = total / seeds
    let isClustered = groups < itemsBelow.count { $0 > 0 }
    // The size of the cluster that an item sees.
    let sizeSeen = max(1, below.reduce(0) { $0 + $1 * $1 } / (seeds * total))
    var errors = 0
    var successes = 0
    for cluster in below.indices where below[cluster] > 0 {
      if above[cluster] < below[cluster] { errors += 1 }
      if above[cluster] > 0 { successes += 1 }
    }
    let correlation = ShrunkCorrelation(
      estimate: isClustered
        ? DesignEffect(
          values: zip(itemsAbove, itemsBelow).map { $1 > 0 ? $0 / $1 : 0 }, weights: itemsBelow.map { $0 / seeds },
          clusters: clusters, clusterCount: clusterCount
        ).intraClusterCorrelation : 0,
      clustersWithErrors: errors, clustersWithSuccesses: successes)
    func effect(_ correlation: Double) -> Double { isClustered ? 1 + (sizeSeen - 1) * correlation : 1 }

    let spread = share * (1 - share)
    // Linearized (Cochran 1977, chapter 6).
    let ofItems = zip(itemsAbove, itemsBelow).reduce(0) { sum, item in
      let residual = (item.0 - share * item.1) / total
      return sum + residual * residual
    }
    let ofClusters = ofItems * effect(correlation.value)
    let variance: TwoWayVariance
    if runs.count >= TwoWayVariance.fewestSeeds {
      var sum = TwoWayVariance.Sum(shares: below.map { $0 / total })
      for run in runs {
        var contributions = [Double](repeating: 0, count: clusterCount)
        for (item, cluster) in clusters.enumerated() {
          contributions[cluster] += run.numerators[item] - share * run.denominators[item]
        }
        for cluster in contributions.indices { contributions[cluster] /= n }
        sum.add(seed: contributions)
      }
      variance = sum.variance(clusters: groups, ofClusters: ofClusters)
    } else {
      variance = TwoWayVariance(
        ofClusters: ofClusters, ofSeeds: nil, clusters: groups, effectiveClusters: n / sizeSeen, seeds: runs.count)
    }
    let tail = Interval.tail(confidence: confidence)
    let isNormal = !isClustered && variance.ofSeeds == nil
    let normal = confidence == 0.95 ? NormalDistribution.twoSided95 : NormalDistribution.quantile(1 - tail)

    // The same clusters without an error, or without a success, show no variation.
    let uniform =
      n / effect(ShrunkCorrelation(estimate: 0, clustersWithErrors: 0, clustersWithSuccesses: 0).value)
    // Seeds that contradict one another by chance count as no more than independent predictions.
    let effectiveN = spread > 0 && variance.value > 0 ? min(total, spread / variance.value) : uniform
    let own = Interval.wilson(
      proportion: share, n: effectiveN, reach: isNormal ? normal : variance.reach(tail: tail))
    let reach =
      isNormal
      ? normal : groups > 1 ? StudentT.quantile(1 - tail, degreesOfFreedom: variance.clusterFreedom) : .infinity
    let allRight = Interval.wilson(proportion: 1, n: uniform, reach: reach)
    let allWrong = Interval.wilson(proportion: 0, n: uniform, reach: reach)
    value = share
    self.effectiveN = effectiveN
    self.clusters = groups
    interval = Interval(lower: min(own.lower, allRight.lower), upper: max(own.upper, allWrong.upper))
  }
}

/// Clusters numbered from 0 in the order in which they first appear.
package struct ClusterIndex: Equatable, Sendable {
  /// The number of every item's cluster.
  package let ofItem: [Int]
  package let count: Int

  /// - Parameter clusters: Any whole number for each item.
  package init(_ clusters: some Sequence<Int>) {
    var numbers: [Int: Int] = [:]
    ofItem = clusters.map { cluster in
      if let number = numbers[cluster] { return number }
      let number = numbers.count
      numbers[cluster] = number
      return number
    }
    count = numbers.count
  }

  /// The positions of every cluster's items, in its number's order.
  package var items: [[Int]] {
    var items = [[Int]](repeating: [], count: count)
    for (item, cluster) in ofItem.enumerated() { items[cluster].append(item) }
    return items
  }
}

/// How much the clusters of a sample widen the interval of its mean.
///
/// The effect is 1 + (m̃ − 1)·ρ with m̃ = Σm²/Σm, the cluster size that an item sees, and ρ the intra-cluster correlation
/// of a one-way analysis of variance (Donner and Koval 1980), counted as 0 where it is negative. Where the data cannot
/// show a correlation (all values equal, or one cluster) it is taken to be 1, so that 100 correct images of 25 people
/// count as 25.
package struct DesignEffect: Equatable, Sendable {
  package let intraClusterCorrelation: Double
  package let value: Double
  /// The number of items divided by the effect.
  package let effectiveN: Double

  /// - Parameters:
  ///   - values: One for each item.
  ///   - clusters: The cluster number of every item, from 0 to below `clusterCount`; clusters may be empty.
  package init(values: [Double], clusters: [Int], clusterCount: Int) {
    var sizes = [Double](repeating: 0, count: clusterCount)
    var sums = sizes
    for (value, cluster) in zip(values, clusters) {
      sizes[cluster] += 1
      sums[cluster] += value
    }
    let n = Double(values.count)
    let groups = Double(sizes.count { $0 > 0 })
    let itemsSeen = sizes.reduce(0) { $0 + $1 * $1 } / max(1, n)
    if groups == n || values.isEmpty {
      (intraClusterCorrelation, value, effectiveN) = (0, 1, n)
      return
    }
    let isConstant = values.min() == values.max()
    if groups < 2 || isConstant {
      (intraClusterCorrelation, value, effectiveN) = (1, itemsSeen, n / itemsSeen)
      return
    }
    let mean = sums.reduce(0, +) / n
    var between = 0.0
    for (size, sum) in zip(sizes, sums) where size > 0 { between += size * (sum / size - mean) * (sum / size - mean) }
    var within = 0.0
    for (value, cluster) in zip(values, clusters) {
      let deviation = value - sums[cluster] / sizes[cluster]
      within += deviation * deviation
    }
    between /= groups - 1
    within /= n - groups
    let averageSize = (n - itemsSeen) / (groups - 1)
    let correlation = (between - within) / (between + (averageSize - 1) * within)
    intraClusterCorrelation = min(1, max(0, correlation))
    value = 1 + (itemsSeen - 1) * intraClusterCorrelation
    effectiveN = n / value
  }
}

extension Proportion {
  /// The mean success of items, a run or several each, with Wilson's interval at the effective number of items.
  ///
  /// - Parameters:
  ///   - values: For every item the number of successes in `runs` runs; at least one item.
  ///   - clusters: The cluster number of every item, from 0 to below `clusterCount`.
  ///   - confidence: Of the interval.
  package init(
    values: [Double], clusters: [Int], clusterCount: Int, runs: Int = 1, confidence: Double = 0.95
  ) {
    let effect = DesignEffect(values: values, clusters: clusters, clusterCount: clusterCount)
    successes = values.reduce(0, +) / Double(runs)
    n = values.count
    effectiveN = effect.effectiveN
    value = values.reduce(0, +) / Double(runs * n)
    interval = .wilson(proportion: value, n: effectiveN, confidence: confidence)
  }
}

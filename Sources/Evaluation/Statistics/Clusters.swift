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
/// show a correlation (all values equal, or one cluster) it is taken to be 1. The interval of a share does not take this
/// estimate as it is: see `ShrunkCorrelation`.
package struct DesignEffect: Equatable, Sendable {
  package let intraClusterCorrelation: Double
  package let value: Double
  /// The number of items divided by the effect.
  package let effectiveN: Double

  /// - Parameters:
  ///   - values: One for each item.
  ///   - weights: How much of an item counts, from 0 to 1; all of it where there are none.
  ///   - clusters: The cluster number of every item, from 0 to below `clusterCount`; clusters may be empty.
  package init(values: [Double], weights: [Double]? = nil, clusters: [Int], clusterCount: Int) {
    var sizes = [Double](repeating: 0, count: clusterCount)
    var sums = sizes
    var items = 0
    var (least, most) = (Double.infinity, -Double.infinity)
    for (item, cluster) in clusters.enumerated() {
      let weight = weights?[item] ?? 1
      guard weight > 0 else { continue }
      items += 1
      sizes[cluster] += weight
      sums[cluster] += weight * values[item]
      (least, most) = (min(least, values[item]), max(most, values[item]))
    }
    let n = sizes.reduce(0, +)
    let groups = sizes.count { $0 > 0 }
    let sizeSeen = max(1, sizes.reduce(0) { $0 + $1 * $1 } / max(1, n))
    if groups == items {
      (intraClusterCorrelation, value, effectiveN) = (0, 1, n)
      return
    }
    if groups < 2 || least == most {
      (intraClusterCorrelation, value, effectiveN) = (1, sizeSeen, n / sizeSeen)
      return
    }
    let mean = sums.reduce(0, +) / n
    var between = 0.0
    for (size, sum) in zip(sizes, sums) where size > 0 { between += size * (sum / size - mean) * (sum / size - mean) }
    var within = 0.0
    for (item, cluster) in clusters.enumerated() {
      let weight = weights?[item] ?? 1
      guard weight > 0 else { continue }
      let deviation = values[item] - sums[cluster] / sizes[cluster]
      within += weight * deviation * deviation
    }
    between /= Double(groups - 1)
    within /= Double(items - groups)
    let averageSize = (n - sizeSeen) / Double(groups - 1)
    let correlation = (between - within) / (between + (averageSize - 1) * within)
    intraClusterCorrelation = min(1, max(0, correlation))
    value = 1 + (sizeSeen - 1) * intraClusterCorrelation
    effectiveN = n / value
  }
}

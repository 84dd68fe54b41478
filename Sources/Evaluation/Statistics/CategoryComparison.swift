internal import Foundation

/// The categories of one column in two samples.
package struct CategoryComparison: Equatable, Sendable {
  /// Half the sum of the absolute differences of the shares: the share of items that would have to change category.
  package let totalVariation: Double
  package let pValue: Double
  /// The categories, with rare ones merged.
  package let categories: Int
  /// The effective numbers of items.
  package let referenceN: Double
  package let windowN: Double

  /// Categories with a smaller expected count than this are merged.
  private static let fewest = 5.0

  /// Pearson's chi-squared of homogeneity, divided by the mean design effect of the categories (Rao and Scott 1981,
  /// first order).
  ///
  /// The p-value is the larger of Pearson's and the likelihood ratio's: far out in the tail, where a series of windows
  /// has to look, Pearson's statistic makes too much of rare categories. Where 5 are expected, 15 have a probability of
  /// 2.3e-4, Pearson's 1 degree of freedom says 7.7e-6 and the likelihood ratio's 3.2e-4.
  ///
  /// - Returns: nil if a sample is empty or fewer than two categories are left.
  package init?(reference: [String], referenceClusters: ClusterIndex, window: [String], windowClusters: ClusterIndex) {
    guard !reference.isEmpty, !window.isEmpty else { return nil }
    var counts: [String: (reference: Double, window: Double)] = [:]
    for value in reference { counts[value, default: (0, 0)].reference += 1 }
    for value in window { counts[value, default: (0, 0)].window += 1 }
    let (first, second) = (Double(reference.count), Double(window.count))
    let smaller = min(first, second) / (first + second)
    let kept = counts.keys.sorted().filter { name in
      counts[name].map { ($0.reference + $0.window) * smaller >= Self.fewest } ?? false
    }
    var tables = kept.compactMap { counts[$0] }
    let rare = (
      reference: first - tables.reduce(0) { $0 + $1.reference }, window: second - tables.reduce(0) { $0 + $1.window }
    )
    if rare.reference + rare.window > 0 { tables.append(rare) }
    guard tables.count >= 2 else { return nil }
    categories = tables.count
    totalVariation = tables.reduce(0) { $0 + abs($1.window / second - $1.reference / first) } / 2

    /// The mean over categories of the design effect of belonging to it, weighted by 1 − p.
    func designEffect(_ values: [String], _ clusters: ClusterIndex) -> Double {
      guard clusters.count < values.count else { return 1 }
      var (sum, weights) = (0.0, 0.0)
      for name in kept {
        let effect = DesignEffect(
          values: values.map { $0 == name ? 1 : 0 }, clusters: clusters.ofItem, clusterCount: clusters.count)
        let share = Double(values.count { $0 == name }) / Double(values.count)
        sum += (1 - share) * effect.value
        weights += 1 - share
      }
      return weights > 0 ? sum / weights : 1
    }
    let effective = (
      first / designEffect(reference, referenceClusters), second / designEffect(window, windowClusters)
    )
    (referenceN, windowN) = effective
    let total = effective.0 + effective.1
    var (pearson, likelihoodRatio) = (0.0, 0.0)
    for table in tables {
      let observed = (table.reference / first * effective.0, table.window / second * effective.1)
      let pooled = (observed.0 + observed.1) / total
      for (observed, expected) in [(observed.0, pooled * effective.0), (observed.1, pooled * effective.1)]
      where expected > 0 {
        pearson += (observed - expected) * (observed - expected) / expected
        likelihoodRatio += observed > 0 ? 2 * observed * log(observed / expected) : 0
      }
    }
    pValue = ChiSquared.upperTail(min(pearson, likelihoodRatio), degreesOfFreedom: tables.count - 1)
  }
}

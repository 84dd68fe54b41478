import Foundation

/// "About N more items": how many more would bring a verdict, from the variation seen so far.
///
/// A normal approximation at 80 % power that takes the estimate for the truth, and lets the standard error fall with
/// the square root of the number of clusters. It is a forecast for a reader, not the exact power of `PairedPower`.
package struct SampleSizeForecast: Sendable {
  /// The observed figures.
  private let items: Int
  private let clusters: Int
  /// A group with fewer items gets no verdict.
  private let minimumItems: Int
  private let standardError: Double
  /// The number of clusters that have this standard error.
  private let clustersOfError: Double

  /// - Parameters:
  ///   - standardError: The standard error of the estimate from `clustersOfError` clusters; 1 for a deviation between
  ///     clusters.
  package init(items: Int, clusters: Int, minimumItems: Int, standardError: Double, clustersOfError: Double) {
    self.items = items
    self.clusters = clusters
    self.minimumItems = minimumItems
    self.standardError = standardError
    self.clustersOfError = clustersOfError
  }

  /// The number of clusters needed to distinguish an estimate from a value at a distance, with an error of `tail` on
  /// that side; infinite at distance 0.
  package func clusters(toTell distance: Double, tail: Double) -> Double {
    guard distance > 0 else { return .infinity }
    let reach = NormalDistribution.quantile(1 - tail) + NormalDistribution.quantile(0.8)
    let ratio = reach * standardError / distance
    return clustersOfError * ratio * ratio
  }

  /// The items that are missing of a number of clusters: at least 1, or `nil` when no number would do.
  package func moreItems(forClusters needed: Double) -> Int? {
    let count = Double(clusters)
    guard needed.isFinite else { return nil }
    let itemsEach = Double(items) / max(1, count)
    let more = max(((needed - count) * itemsEach).rounded(.up), Double(minimumItems - items), 1)
    return more < 1e15 ? Int(more) : nil
  }
}

extension PairedDifferences {
  /// About how many more items bring a verdict: within the margin, or a confirmed difference, whichever needs fewer.
  ///
  /// - Parameters:
  ///   - margin: How much worse the arm may be, as a share.
  ///   - familySize: The number of comparisons that Holm's correction counts.
  /// - Returns: At least 1, or `nil` when no number of items would do.
  package func moreItems(margin: Double, minimumItems: Int, familySize: Int) -> Int? {
    let forecast = SampleSizeForecast(
      items: items, clusters: clusters.count, minimumItems: minimumItems, standardError: clusterDeviation,
      clustersOfError: 1)
    return forecast.moreItems(
      forClusters: min(withinMargin(margin, forecast: forecast), confirmed(familySize, forecast: forecast)))
  }

  /// The clusters that put the lower bound of the interval above −margin.
  private func withinMargin(_ margin: Double, forecast: SampleSizeForecast) -> Double {
    let room = margin + estimate
    guard room > 0 else { return .infinity }
    // Without a single worse cluster the exact bound still needs this many.
    let exact = room < 1 ? log(0.025) / log1p(-room) : 1
    return max(exact, forecast.clusters(toTell: room, tail: 0.025))
  }

  /// The clusters that make the smallest p-value of the family significant.
  private func confirmed(_ familySize: Int, forecast: SampleSizeForecast) -> Double {
    guard estimate != 0 else { return .infinity }
    let tail = 0.025 / Double(max(1, familySize))
    // Flipping signs cannot give a tail below one pattern in 2^clusters.
    return max(-log2(tail), forecast.clusters(toTell: abs(estimate), tail: tail))
  }
}

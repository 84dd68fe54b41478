import Foundation

/// About how many items more would bring a verdict, from the variance between the clusters seen so far.
///
/// A normal approximation at 80 % power that takes the estimate for the truth; it is not the exact power calculation.
package struct SampleSize: Sendable {
  private let differences: PairedDifferences
  /// How much worse the arm may be, as a share.
  private let margin: Double
  private let minimumItems: Int
  /// The number of comparisons that Holm's correction counts.
  private let familySize: Int

  package init(differences: PairedDifferences, margin: Double, minimumItems: Int, familySize: Int) {
    self.differences = differences
    self.margin = margin
    self.minimumItems = minimumItems
    self.familySize = familySize
  }

  /// At least 1, or `nil` when no number of items would do.
  package func moreItems() -> Int? {
    let count = Double(differences.clusters.count)
    let itemsEach = Double(differences.items) / max(1, count)
    let needed = min(clustersWithinMargin, clustersToConfirm)
    let belowMinimum = Double(minimumItems - differences.items)
    guard needed.isFinite else { return nil }
    let items = max(((needed - count) * itemsEach).rounded(.up), belowMinimum, 1)
    return items < 1e15 ? Int(items) : nil
  }

  /// The clusters that put the lower bound of the interval above −margin.
  private var clustersWithinMargin: Double {
    let room = margin + differences.estimate
    guard room > 0 else { return .infinity }
    // Without a single worse cluster the exact bound still needs this many.
    let exact = room < 1 ? log(0.025) / log1p(-room) : 1
    return max(exact, clusters(for: room, tail: 0.025))
  }

  /// The clusters that make the smallest p-value of the family significant.
  private var clustersToConfirm: Double {
    guard differences.estimate != 0 else { return .infinity }
    let tail = 0.025 / Double(max(1, familySize))
    // Flipping signs cannot give a tail below one pattern in 2^clusters.
    return max(-log2(tail), clusters(for: abs(differences.estimate), tail: tail))
  }

  private func clusters(for distance: Double, tail: Double) -> Double {
    let reach = NormalDistribution.quantile(1 - tail) + NormalDistribution.quantile(0.8)
    let ratio = reach * differences.clusterDeviation / distance
    return ratio * ratio
  }
}

package import Statistics

/// The items that a figure is about, all of them or one group's, with their clusters numbered within the subset.
package struct ItemSubset: Sendable {
  /// `nil` for all items.
  package var name: GroupName?
  /// Positions of the items, ascending.
  package var members: [Int]
  package var clusters: ClusterIndex

  /// All items first, then every group.
  package static func all(of items: EvaluationItems) -> [ItemSubset] {
    ([nil] + items.groups).map { ItemSubset(group: $0, of: items) }
  }

  package init(group: Subgroup?, of items: EvaluationItems) {
    name = group?.name
    members = group?.members ?? Array(0..<items.count)
    clusters = ClusterIndex(members.lazy.map { items.clusters[$0] })
  }

  /// The mean over the members that `isCounted`, or `nil` when there are none.
  ///
  /// - Parameters:
  ///   - values: For every item the number of successes in `runs` runs.
  ///   - confidence: Of the interval.
  package func proportion(
    of values: [Double], runs: Int, confidence: Double = 0.95, where isCounted: (Int) -> Bool = { _ in true }
  ) -> Proportion? {
    var counted: [Double] = []
    var numbers: [Int] = []
    for (position, item) in members.enumerated() where isCounted(item) {
      counted.append(values[item])
      numbers.append(clusters.ofItem[position])
    }
    guard !counted.isEmpty else { return nil }
    return Proportion(
      values: counted, clusters: numbers, clusterCount: clusters.count, runs: runs, confidence: confidence)
  }
}

package import Statistics

/// Which groups of one column every item is in.
package struct ColumnMemberships: Sendable {
  package let groupCount: Int
  /// For every kind of membership, the groups it is in; one where groups do not overlap.
  package let kinds: [[Int]]
  /// The kind of every item; −1 for items in none of the groups.
  package let kindOfItem: [Int32]
  package let clusters: ClusterIndex

  package init(groups: [Subgroup], clusters: ClusterIndex) {
    groupCount = groups.count
    self.clusters = clusters
    var kinds: [[Int]] = []
    var numbers: [[Int]: Int32] = [:]
    var kindOfItem = [Int32](repeating: -1, count: clusters.ofItem.count)
    for (number, group) in groups.enumerated() {
      // What an item was of so far, and what it becomes with this group; remembered, for most items change alike.
      var changed: [Int32: Int32] = [:]
      for item in group.members {
        let before = kindOfItem[item]
        if let after = changed[before] {
          kindOfItem[item] = after
          continue
        }
        let membership = (before < 0 ? [] : kinds[Int(before)]) + [number]
        let kind = numbers[membership] ?? Int32(kinds.count)
        if Int(kind) == kinds.count {
          numbers[membership] = kind
          kinds.append(membership)
        }
        changed[before] = kind
        kindOfItem[item] = kind
      }
    }
    (self.kinds, self.kindOfItem) = (kinds, kindOfItem)
  }
}

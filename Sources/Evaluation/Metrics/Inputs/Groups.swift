package import Statistics

/// The name of a subgroup: the column it was read from and the value in that column.
package struct GroupName: Codable, Hashable, Sendable, CustomStringConvertible {
  package var column: String
  package var value: String

  package init(column: String, value: String) {
    self.column = column
    self.value = value
  }

  /// "age=old"; of columns that are combined the values alone say it: "old × dusk".
  package var description: String { column.contains(Self.times) ? value : "\(column)=\(value)" }

  /// Between the columns, and the values, of groups that are combined.
  package static let times = " × "
}

/// A set of items that share a value of a group column. Groups may overlap; a group is never a part of a partition by
/// assumption.
package struct Subgroup: Equatable, Sendable {
  package var column: String
  package var value: String
  /// Positions of the items, strictly ascending.
  package var items: [Int]

  package init(column: String, value: String, items: [Int]) {
    self.column = column
    self.value = value
    self.items = items
  }

  package var name: GroupName { GroupName(column: column, value: value) }
}

extension [Subgroup] {
  /// The columns that the groups come from, in the order in which they first appear.
  package var columns: [String] {
    var columns: [String] = []
    for group in self where !columns.contains(group.column) { columns.append(group.column) }
    return columns
  }
}

/// Intersectional groups; those that are too small are pooled.
package struct PooledGroups: Equatable, Sendable {
  /// The groups that are large enough, and for each combination of columns the pooled others.
  package let groups: [Subgroup]
  /// The groups that were pooled, without empty ones.
  package let pooled: [Subgroup]

  /// - Parameter combined: groups of combinations of columns; those of one combination do not overlap.
  package init(_ combined: [Subgroup], minimum: Int) {
    var groups: [Subgroup] = []
    var pooled: [Subgroup] = []
    for column in combined.columns {
      let own = combined.filter { $0.column == column && !$0.items.isEmpty }
      let small = own.filter { $0.items.count < minimum }
      groups += own.filter { $0.items.count >= minimum }
      pooled += small
      guard !small.isEmpty else { continue }
      groups.append(
        Subgroup(column: column, value: Self.value(of: column), items: small.flatMap(\.items).sorted()))
    }
    self.groups = groups
    self.pooled = pooled
  }

  /// The name of the pooled small groups of a combination.
  package static func value(of column: String) -> String { "smaller ones of \(column)" }
}

extension [Subgroup] {
  /// The same groups, by name, among other items, of which `others` are the groups: what was pooled here is put
  /// together there too, whatever its size.
  package func named(among others: [Subgroup], pooled: [Subgroup]) -> [Subgroup] {
    map { group in
      let same = others.filter { $0.name == group.name }
      let parts = pooled.filter { $0.column == group.column }.map(\.name)
      let meant = same.isEmpty ? others.filter { parts.contains($0.name) } : same
      return Subgroup(column: group.column, value: group.value, items: Set(meant.flatMap(\.items)).sorted())
    }
  }
}

/// The items that a figure is about, all of them or one group's, with their clusters numbered within the subset.
package struct ItemSubset: Sendable {
  /// `nil` for all items.
  package var name: GroupName?
  /// Positions of the items, ascending.
  package var items: [Int]
  package var clusters: ClusterIndex

  /// All items first, then every group.
  package static func all(of items: EvaluationItems) -> [ItemSubset] {
    ([nil] + items.groups).map { ItemSubset(group: $0, of: items) }
  }

  package init(group: Subgroup?, of items: EvaluationItems) {
    name = group?.name
    let positions = group?.items ?? Array(0..<items.count)
    self.items = positions
    clusters = ClusterIndex(positions.lazy.map { items.clusters[$0] })
  }

  /// The mean over the items that `isCounted`, or `nil` when there are none.
  ///
  /// - Parameters:
  ///   - runs: For every run the success of every item, 0 or 1.
  ///   - confidence: Of the interval.
  package func proportion(
    of runs: [[Double]], confidence: Double = 0.95, where isCounted: (Int) -> Bool = { _ in true }
  ) -> Proportion? {
    let counted = items.indices.filter { isCounted(items[$0]) }
    guard !counted.isEmpty, !runs.isEmpty else { return nil }
    return Proportion(
      runs: runs.map { run in counted.map { run[items[$0]] } }, clusters: counted.map { clusters.ofItem[$0] },
      clusterCount: clusters.count, confidence: confidence)
  }
}

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
      // An item's membership so far, and its membership with this group. Cached, because most items change alike.
      var changed: [Int32: Int32] = [:]
      for item in group.items {
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

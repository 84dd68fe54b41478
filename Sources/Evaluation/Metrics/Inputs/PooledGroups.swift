/// Combined groups, of which those that are too small are put together.
package struct PooledGroups: Equatable, Sendable {
  /// Those that are large enough, and for each combination of columns the others as one.
  package let groups: [Subgroup]
  /// Those that were put together, but for empty ones.
  package let pooled: [Subgroup]

  /// - Parameter combined: groups of combinations of columns; those of one combination do not overlap.
  package init(_ combined: [Subgroup], minimum: Int) {
    var groups: [Subgroup] = []
    var pooled: [Subgroup] = []
    for column in combined.columns {
      let own = combined.filter { $0.column == column && !$0.members.isEmpty }
      let small = own.filter { $0.members.count < minimum }
      groups += own.filter { $0.members.count >= minimum }
      pooled += small
      guard !small.isEmpty else { continue }
      groups.append(
        Subgroup(column: column, value: Self.value(of: column), members: small.flatMap(\.members).sorted()))
    }
    self.groups = groups
    self.pooled = pooled
  }

  /// What the small ones of a combination are called together.
  package static func value(of column: String) -> String { "smaller ones of \(column)" }
}

extension [Subgroup] {
  /// The same groups, by name, among other items, of which `others` are the groups: what was pooled here is put together
  /// there too, whatever its size.
  package func named(among others: [Subgroup], pooled: [Subgroup]) -> [Subgroup] {
    map { group in
      let same = others.filter { $0.name == group.name }
      let parts = pooled.filter { $0.column == group.column }.map(\.name)
      let meant = same.isEmpty ? others.filter { parts.contains($0.name) } : same
      return Subgroup(column: group.column, value: group.value, members: Set(meant.flatMap(\.members)).sorted())
    }
  }
}

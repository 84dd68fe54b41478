/// What names a subgroup: the column it was read from and the value in that column.
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
  package var members: [Int]

  package init(column: String, value: String, members: [Int]) {
    self.column = column
    self.value = value
    self.members = members
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

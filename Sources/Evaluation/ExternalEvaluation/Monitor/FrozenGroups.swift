import Datasets
import Metrics

/// The groups of the reference as rules about cells, so that a window is divided exactly as the reference was, whatever
/// values the window holds.
struct FrozenGroups: Sendable {
  let groups: [GroupName]
  /// Every value of each column among the reference's items.
  private let known: [String: Set<String>]
  /// By combined column, the combinations that are groups of their own.
  private let combinations: [String: Set<String>]

  private static let notPrefix = "not "

  /// - Parameter cells: by column, the cell of every reference item.
  init(groups: [GroupName], cells: [String: [String]]) {
    self.groups = groups
    known = cells.mapValues { Set($0.flatMap(Manifest.tags(inCell:))) }
    var combinations: [String: Set<String>] = [:]
    for group in groups where group.column.contains(GroupName.times) {
      combinations[group.column, default: []].insert(group.value)
    }
    self.combinations = combinations
  }

  /// The columns that the groups are made of.
  static func columns(of groups: [GroupName]) -> [String] {
    var columns: [String] = []
    for column in groups.flatMap({ parts(of: $0.column) }) where !columns.contains(column) { columns.append(column) }
    return columns
  }

  static func parts(of column: String) -> [String] {
    var parts: [String] = []
    var rest = column[...]
    while let range = rest.firstRange(of: GroupName.times) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }

  /// The members of one group; nil if a column of it is missing.
  func members(of group: GroupName, cells: [String: [String]], count: Int) -> [Int]? {
    let parts = Self.parts(of: group.column)
    let columns = parts.compactMap { cells[$0] }
    guard columns.count == parts.count else { return nil }
    if parts.count > 1 {
      let alone = combinations[group.column] ?? []
      let pooled = PooledGroups.value(of: group.column)
      return (0..<count).filter { item in
        let value = columns.flatMap { Manifest.tags(inCell: $0[item]) }.joined(separator: GroupName.times)
        return value == group.value || group.value == pooled && !alone.contains(value)
      }
    }
    let values = known[group.column] ?? []
    let isComplement = group.value.hasPrefix(Self.notPrefix) && !values.contains(group.value)
    let tag = isComplement ? String(group.value.dropFirst(Self.notPrefix.count)) : group.value
    return columns.first.map { cells in
      (0..<count).filter { Manifest.tags(inCell: cells[$0]).contains(tag) != isComplement }
    }
  }

  /// The groups that have members, in the reference's order.
  func subgroups(cells: [String: [String]], count: Int) -> [Subgroup] {
    groups.compactMap { group in
      let members = members(of: group, cells: cells, count: count) ?? []
      return members.isEmpty ? nil : Subgroup(column: group.column, value: group.value, items: members)
    }
  }

  /// Values of single columns that no reference item has, as groups.
  func unseen(cells: [String: [String]], count: Int) -> [Subgroup] {
    known.keys.sorted().flatMap { column -> [Subgroup] in
      guard let own = cells[column] else { return [] }
      var members: [String: [Int]] = [:]
      for item in 0..<count {
        for tag in Manifest.tags(inCell: own[item]) where known[column]?.contains(tag) == false {
          members[tag, default: []].append(item)
        }
      }
      return members.keys.sorted().map { Subgroup(column: column, value: $0, items: members[$0] ?? []) }
    }
  }
}

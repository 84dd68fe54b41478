internal import Datasets
package import Metrics

/// Groups from the cells of columns, and from combinations of columns.
///
/// Cells are read as a manifest's are: one that is empty is a group of its own, for whose attribute is not known may fare
/// differently. A column with cells such as `a;b` holds overlapping tags: each makes members and non-members.
package struct GroupColumns {
  private let names: [String]
  /// The values of every item, column by column.
  private let cells: [[String]]
  /// Groups with fewer items are pooled where columns are combined.
  private let minimumSize: Int

  /// A column with more values is none of groups.
  static let mostValues = 100

  package init(names: [String], cells: [[String]], minimumSize: Int) {
    (self.names, self.cells, self.minimumSize) = (names, cells, minimumSize)
  }

  /// The groups of each column, in the order of the columns and of their values.
  ///
  /// - Throws: `PredictionsError` for a column with too many values.
  package func groups(file: String) throws(PredictionsError) -> [Subgroup] {
    var groups: [Subgroup] = []
    for (column, name) in names.enumerated() {
      let values = cells[column]
      let isTagged = values.contains { $0.contains(";") }
      var members: [String: [Int]] = [:]
      for (item, cell) in values.enumerated() {
        for value in Manifest.tags(inCell: cell) {
          members[value, default: []].append(item)
        }
      }
      guard members.count <= Self.mostValues else {
        throw PredictionsError(
          file, line: 1,
          "column \(name) has \(members.count) different values, more than \(Self.mostValues); put them into fewer groups"
        )
      }
      for value in members.keys.sorted(by: Self.isBefore) {
        let inside = members[value] ?? []
        groups.append(Subgroup(column: name, value: value, members: inside))
        guard isTagged, inside.count < values.count else { continue }
        let set = Set(inside)
        groups.append(
          Subgroup(column: name, value: "not \(value)", members: values.indices.filter { !set.contains($0) }))
      }
    }
    return groups
  }

  /// Those of each column, then those of combined columns, of which small ones are pooled.
  func groups(
    combining combinations: [[String]], file: String
  ) throws(PredictionsError) -> (groups: [Subgroup], pooled: [Subgroup]) {
    var groups = try groups(file: file)
    var pooled: [Subgroup] = []
    for combined in combinations {
      let found = try intersections(of: combined, file: file)
      groups += found.groups
      pooled += found.pooled
    }
    return (groups, pooled)
  }

  /// The groups of two or three columns together that have enough items; the others are pooled into one and listed.
  ///
  /// - Throws: `PredictionsError` for columns that are not there, are too many, or hold tags.
  func intersections(of combined: [String], file: String) throws(PredictionsError) -> (
    groups: [Subgroup], pooled: [Subgroup]
  ) {
    guard (2...3).contains(combined.count), Set(combined).count == combined.count else {
      throw PredictionsError(file, "expected two or three columns to be combined, found \(combined.listed)")
    }
    var columns: [[String]] = []
    for name in combined {
      guard let index = names.firstIndex(of: name) else {
        throw PredictionsError(file, line: 1, "\(name) is to be combined, but is no column of groups")
      }
      guard !cells[index].contains(where: { $0.contains(";") }) else {
        throw PredictionsError(file, line: 1, "\(name) holds overlapping tags, which cannot be combined")
      }
      columns.append(cells[index])
    }
    let name = combined.joined(separator: GroupName.times)
    var members: [String: [Int]] = [:]
    for item in columns[0].indices {
      let value = columns.flatMap { Manifest.tags(inCell: $0[item]) }.joined(separator: GroupName.times)
      members[value, default: []].append(item)
    }
    let together = PooledGroups(
      members.keys.sorted(by: Self.isBefore).map {
        Subgroup(column: name, value: $0, members: members[$0] ?? [])
      }, minimum: minimumSize)
    return (together.groups, together.pooled)
  }

  /// What is missing comes last.
  private static func isBefore(_ left: String, _ right: String) -> Bool {
    (left == Manifest.missingTag ? 1 : 0, left) < (right == Manifest.missingTag ? 1 : 0, right)
  }
}

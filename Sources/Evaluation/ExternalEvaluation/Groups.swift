import Datasets
import Foundation
package import Metrics

/// Groups from the cells of columns, and from combinations of columns.
///
/// Cells are read as a manifest's are: an empty cell is a group of its own, because items with an unknown attribute may
/// fare differently. A column with cells such as `a;b` holds overlapping tags: each tag makes a group, and so does its
/// absence.
package struct GroupColumns {
  private let names: [String]
  /// The values of every item, column by column.
  private let cells: [[String]]
  /// Groups with fewer items are pooled where columns are combined.
  private let minimumSize: Int

  /// A column with more values is not accepted as a column of groups.
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
        groups.append(Subgroup(column: name, value: value, items: inside))
        guard isTagged, inside.count < values.count else { continue }
        let set = Set(inside)
        groups.append(
          Subgroup(column: name, value: "not \(value)", items: values.indices.filter { !set.contains($0) }))
      }
    }
    return groups
  }

  /// The groups of each column, then of combined columns, whose small groups are pooled.
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
        throw PredictionsError(file, line: 1, "\(name) is to be combined, but is not a column of groups")
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
        Subgroup(column: name, value: $0, items: members[$0] ?? [])
      }, minimum: minimumSize)
    return (together.groups, together.pooled)
  }

  /// Missing values come last.
  private static func isBefore(_ left: String, _ right: String) -> Bool {
    (left == Manifest.missingTag ? 1 : 0, left) < (right == Manifest.missingTag ? 1 : 0, right)
  }
}

/// The columns of groups as a user names them, checked as far as that is possible without the data.
package struct GroupOptions: Equatable, Sendable {
  package let groups: [String]
  /// Columns that are combined, two or three each.
  package let combinations: [[String]]

  /// - Parameters:
  ///   - groups: column names with commas between them.
  ///   - combine: column names with `+` between them, a combination each.
  /// - Throws: `GroupOptionsError` for what is named twice, or for a combination of too few or too many columns.
  package init(groups: String, combine: [String]) throws(GroupOptionsError) {
    self.groups = OptionList.names(groups)
    combinations = combine.map { OptionList.names($0, separator: "+") }
    if let twice = Self.firstRepeated(self.groups) {
      throw GroupOptionsError("--groups names the column \(twice) twice; name it once")
    }
    for (text, columns) in zip(combine, combinations) {
      guard (2...3).contains(columns.count), Self.firstRepeated(columns) == nil else {
        throw GroupOptionsError("--combine \(text): expected two or three different columns with + between them")
      }
    }
    // In another order they would be the same groups, counted twice in the declared family.
    if let index = combinations.indices.first(where: { index in
      combinations[..<index].contains { Set($0) == Set(combinations[index]) }
    }) {
      throw GroupOptionsError("--combine \(combine[index]): these columns are combined twice; name them once")
    }
  }

  private static func firstRepeated(_ names: [String]) -> String? {
    names.indices.first { names[..<$0].contains(names[$0]) }.map { names[$0] }
  }
}

/// What is wrong with the options that name groups, and which of them it is.
package struct GroupOptionsError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

/// Names on the command line with something between them.
package enum OptionList {
  /// The names, without blanks around them; empty ones are left out.
  package static func names(_ text: String, separator: Character = ",") -> [String] {
    text.split(separator: separator).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }
}

extension PredictionsTable {
  /// Checks that groups which differ are called differently: results name a group by one column and one value.
  ///
  /// - Parameters:
  ///   - groups: the columns of groups, in the order of the rows' cells.
  ///   - combinations: columns that are combined.
  /// - Throws: `PredictionsError` with the file and line of an ambiguous cell.
  func requireDistinctGroups(_ groups: [String], combining combinations: [[String]]) throws(PredictionsError) {
    if let first = rows.first, let column = groups.first(where: { $0.contains(GroupName.times) }) {
      throw PredictionsError(
        first.file, line: 1,
        "the column \(column) holds \"\(GroupName.times)\", which stands between columns that are combined; rename it")
    }
    for (column, name) in groups.enumerated() {
      try requireDistinctMissing(column, name)
      try requireDistinctTags(column, name)
    }
    for combined in combinations {
      let columns = combined.compactMap(groups.firstIndex)
      guard columns.count == combined.count else { continue }
      try requireDistinctCombinations(columns, name: combined.joined(separator: GroupName.times))
    }
  }

  /// The group of empty cells is called `(missing)`, so no other cell may hold that text.
  private func requireDistinctMissing(_ column: Int, _ name: String) throws(PredictionsError) {
    let missing = firstRows { [$0.groups[column]] }.filter { tags($0, column).contains(Manifest.missingTag) }
    guard let stated = missing.first(where: { $0.groups[column].contains(Manifest.missingTag) }),
      let empty = missing.first(where: { !$0.groups[column].contains(Manifest.missingTag) })
    else { return }
    throw PredictionsError(
      stated.file, line: stated.line,
      "column \(name) holds \(Manifest.missingTag), which empty cells are called, such as that in line \(empty.line) of "
        + "\(empty.file); leave such cells empty, or call the group something else")
  }

  /// The group of items without a tag is called `not TAG`, so no tag may have that name.
  private func requireDistinctTags(_ column: Int, _ name: String) throws(PredictionsError) {
    let distinct = firstRows { [$0.groups[column]] }
    guard distinct.contains(where: { $0.groups[column].contains(";") }) else { return }
    let known = Set(distinct.flatMap { tags($0, column) })
    for row in distinct {
      for tag in tags(row, column) where tag.hasPrefix("not ") && known.contains(String(tag.dropFirst(4))) {
        throw PredictionsError(
          row.file, line: row.line,
          "column \(name) holds the tag \"\(tag)\", which items without the tag \"\(tag.dropFirst(4))\" are called; "
            + "rename it")
      }
    }
  }

  private func requireDistinctCombinations(_ columns: [Int], name: String) throws(PredictionsError) {
    var known: [String: (cells: [String], row: Row)] = [:]
    for row in firstRows({ row in columns.map { row.groups[$0] } }) {
      let cells = columns.flatMap { tags(row, $0) }
      let joined = cells.joined(separator: GroupName.times)
      guard joined != PooledGroups.value(of: name) else {
        throw PredictionsError(
          row.file, line: row.line,
          "the cells \(Self.quoted(cells)) together are called \"\(joined)\", which all groups are that are too small to "
            + "stand alone; rename one")
      }
      guard let same = known[joined] else {
        known[joined] = (cells, row)
        continue
      }
      guard same.cells == cells else {
        throw PredictionsError(
          row.file, line: row.line,
          "the cells \(Self.quoted(cells)) together are called \"\(joined)\", and so are \(Self.quoted(same.cells)) in "
            + "line \(same.row.line) of \(same.row.file); rename one")
      }
    }
  }

  /// The first row of every different value of `key`, in their order.
  private func firstRows(_ key: (Row) -> [String]) -> [Row] {
    var seen: Set<[String]> = []
    return rows.filter { seen.insert(key($0)).inserted }
  }

  private func tags(_ row: Row, _ column: Int) -> [String] { Manifest.tags(inCell: row.groups[column]) }

  private static func quoted(_ cells: [String]) -> String {
    cells.map { "\"\($0)\"" }.joined(separator: " and ")
  }
}

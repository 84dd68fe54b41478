internal import Datasets
internal import Metrics

extension PredictionsTable {
  /// Checks that groups which differ are called differently: results name a group by one column and one value.
  ///
  /// - Parameters:
  ///   - groups: the columns of groups, in the order of the rows' cells.
  ///   - combinations: columns that are combined.
  /// - Throws: `PredictionsError` with the file and line of a cell that would be taken for something else.
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

  /// An empty cell is called `(missing)`, and so must no other be.
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

  /// Whoever lacks a tag is called `not TAG`, and so must no tag be.
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

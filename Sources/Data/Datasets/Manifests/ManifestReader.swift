import Foundation
import Support

/// Turns the rows of a table into items, having found the columns first.
struct ManifestReader {
  private let table: Table
  private let columns: ManifestColumns
  private let folder: String
  /// The column of texts or, where there is none, of paths.
  private let content: Int
  private let name: Int?
  private let label: Int?
  private let cluster: Int?
  private let split: Int?
  private let extra: [Int]
  private let groups: [Int]
  private let tagGroups: [[(tag: String, index: Int)]]
  let groupNames: [String]

  init(table: Table, columns: ManifestColumns) throws(ManifestError) {
    func index(of name: String) throws(ManifestError) -> Int {
      if let index = table.column(name) { return index }
      throw ManifestError(file: table.file, line: nil, problem: .missingColumn(name: name, columns: table.header))
    }
    self.table = table
    self.columns = columns
    let steps = table.file.split(separator: "/", omittingEmptySubsequences: false)
    folder = steps.dropLast().map { $0 + "/" }.joined()
    content = try index(of: columns.text ?? columns.path)
    var name: Int?
    if columns.text != nil, let column = columns.name { name = try index(of: column) }
    self.name = name
    var label: Int?
    if let name = columns.label { label = try index(of: name) }
    self.label = label
    var cluster: Int?
    if let name = columns.cluster { cluster = try index(of: name) }
    self.cluster = cluster
    var split: Int?
    if let name = columns.split { split = try index(of: name) }
    self.split = split
    var extra: [Int] = []
    for name in columns.extra { extra.append(try index(of: name)) }
    self.extra = extra
    var groups: [Int] = []
    for name in columns.groups { groups.append(try index(of: name)) }
    self.groups = groups
    let tagGroupNames = columns.tagGroups.keys.sorted()
    var tagGroups: [[(tag: String, index: Int)]] = []
    for name in tagGroupNames {
      let tags = columns.tagGroups[name] ?? []
      guard !tags.isEmpty, Set(tags).count == tags.count else {
        throw ManifestError(file: table.file, line: nil, problem: .ambiguousGroup(name: name))
      }
      var tagColumns: [(tag: String, index: Int)] = []
      for tag in tags { tagColumns.append((tag, try index(of: tag))) }
      tagGroups.append(tagColumns)
    }
    self.tagGroups = tagGroups
    groupNames = columns.groups + tagGroupNames
    var seen: Set<String> = []
    if let repeated = groupNames.first(where: { !seen.insert($0).inserted }) {
      throw ManifestError(file: table.file, line: nil, problem: .ambiguousGroup(name: repeated))
    }
  }

  /// The classes given, or the labels that occur; none if items are not classified.
  func classNames(given: [String]?) throws(ManifestError) -> [String] {
    guard label != nil else { return [] }
    let names: [String]
    if let given { names = given } else { names = try labels().sorted(by: scalarOrder) }
    guard names.count > 1, Set(names).count == names.count else {
      throw ManifestError(file: table.file, line: nil, problem: .tooFewClasses(classNames: names))
    }
    return names
  }

  private func labels() throws(ManifestError) -> Set<String> {
    var labels: Set<String> = []
    for row in table.rows {
      if let label = try label(of: row) { labels.insert(label) }
    }
    return labels
  }

  func items(classNames: [String]) throws(ManifestError) -> [ManifestItem] {
    let classes = Dictionary(uniqueKeysWithValues: zip(classNames, classNames.indices))
    var firstLines: [String: Int] = [:]
    var items: [ManifestItem] = []
    items.reserveCapacity(table.rows.count)
    for row in table.rows {
      let item = try item(row, classes: classes, classNames: classNames)
      if let firstLine = firstLines.updateValue(row.line, forKey: item.path ?? item.name) {
        let problem: ManifestError.Problem =
          item.path != nil
          ? .duplicatePath(path: item.name, firstLine: firstLine)
          : .duplicateName(column: columns.name ?? "", name: item.name, firstLine: firstLine)
        throw error(problem, row)
      }
      items.append(item)
    }
    return items
  }

  private func item(
    _ row: Table.Row, classes: [String: Int], classNames: [String]
  ) throws(ManifestError) -> ManifestItem {
    let (name, content) = columns.text == nil ? try file(of: row) : try text(of: row)
    let label = try label(of: row)
    var classIndex = 0
    if let label {
      guard let known = classes[label] else {
        throw error(.unknownLabel(label: label, classNames: classNames), row)
      }
      classIndex = known
    }
    return ManifestItem(
      row: row.line, name: name, content: content, label: label ?? "", classIndex: classIndex,
      groups: try groups(of: row),
      cluster: try cluster(of: row), split: try split(of: row), extra: extra.map { row.fields[$0] })
  }

  private func label(of row: Table.Row) throws(ManifestError) -> String? {
    guard let label, let column = columns.label else { return nil }
    guard !row.fields[label].isEmpty else { throw error(.emptyLabel(column: column), row) }
    return row.fields[label]
  }

  private func file(of row: Table.Row) throws(ManifestError) -> (name: String, ManifestItem.Content) {
    let name = row.fields[content]
    guard !name.isEmpty else { throw error(.emptyPath, row) }
    let resolved = resolved(name)
    do throws(FileError) {
      try FileBytes.requireReadable(resolved)
    } catch {
      throw self.error(.unreadableFile(path: resolved, reason: error.reason), row)
    }
    return (name, .file(path: resolved))
  }

  private func text(of row: Table.Row) throws(ManifestError) -> (name: String, ManifestItem.Content) {
    let text = row.fields[content]
    guard !text.unicodeScalars.allSatisfy(\.properties.isWhitespace) else {
      throw error(.emptyText(column: columns.text ?? ""), row)
    }
    guard let name, let column = columns.name else { return ("row \(row.line)", .text(text)) }
    guard !row.fields[name].isEmpty else { throw error(.emptyName(column: column), row) }
    return (row.fields[name], .text(text))
  }

  /// Leaves out empty and `.` steps, so that two spellings of one path are found to be the same; `..` stays, because
  /// behind a symbolic link it is not the step before.
  private func resolved(_ name: String) -> String {
    let path = name.hasPrefix("/") ? name : folder + name
    let steps = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    return path.hasPrefix("/") ? "/" + steps : steps
  }

  private func groups(of row: Table.Row) throws(ManifestError) -> [[String]] {
    var result = groups.map { Manifest.tags(inCell: row.fields[$0]) }
    for columns in tagGroups {
      var tags: [String] = []
      for column in columns where try boolean(row, column.index, column.tag) { tags.append(column.tag) }
      result.append(tags)
    }
    return result
  }

  private func boolean(
    _ row: Table.Row, _ index: Int, _ column: String
  ) throws(ManifestError) -> Bool {
    switch row.fields[index].lowercased() {
    case "true", "1", "yes": return true
    case "false", "0", "no": return false
    default: throw error(.notBoolean(column: column, value: row.fields[index]), row)
    }
  }

  private func cluster(of row: Table.Row) throws(ManifestError) -> String {
    guard let cluster, let name = columns.cluster else { return "row \(row.line)" }
    guard !row.fields[cluster].isEmpty else { throw error(.emptyCluster(column: name), row) }
    return row.fields[cluster]
  }

  private func split(of row: Table.Row) throws(ManifestError) -> DatasetSplit? {
    guard let index = split, let name = columns.split else { return nil }
    guard let split = DatasetSplit(cell: row.fields[index]) else {
      throw error(.unknownSplit(column: name, value: row.fields[index]), row)
    }
    return split
  }

  private func error(_ problem: ManifestError.Problem, _ row: Table.Row) -> ManifestError {
    ManifestError(file: table.file, line: row.line, problem: problem)
  }

  private func scalarOrder(_ first: String, _ second: String) -> Bool {
    first.unicodeScalars.lexicographicallyPrecedes(second.unicodeScalars)
  }
}

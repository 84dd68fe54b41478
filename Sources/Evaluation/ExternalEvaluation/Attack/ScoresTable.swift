import Datasets
import Foundation
import Metrics
import Support

/// What external models say about items, row by row: one for each model, item, query and epoch.
package struct ScoresTable: Sendable {
  package struct Row: Sendable {
    package let file: String
    package let line: Int
    package let arm: String
    package let model: String
    package let item: String
    package let isMember: Bool
    /// The class, by its number; −1 if scores are given.
    package let label: Int
    package let cluster: String
    package let query: String
    /// nil without a column of epochs.
    package let epoch: Int?
    package let groups: [String]
  }

  /// Empty if scores are given instead of logits.
  package private(set) var classNames: [String] = []
  package private(set) var rows: [Row] = []
  /// What each row says: one score, or a logit for each class.
  package private(set) var values: [Double] = []

  /// How files were read where that was not a matter of course, in a sentence each.
  package private(set) var notes: [String] = []

  package var valuesEach: Int { max(1, classNames.count) }

  /// Reads files with the same kind of scores.
  ///
  /// - Parameter groups: The columns of groups.
  /// - Throws: `PredictionsError` or the error of the CSV, naming file, line, item and what was expected.
  package init(files: [String], groups: [String]) throws {
    for (number, file) in files.enumerated() {
      let table = try CommaSeparatedValues(file: file)
      let columns = try Columns(table, groups: groups)
      try table.requireOneDecimalSign(in: columns.values.map(\.index))
      if let note = table.note { notes.append(note) }
      if number == 0 {
        classNames = columns.classNames
      } else if columns.classNames != classNames {
        throw PredictionsError(
          file, line: 1,
          "expected the columns \(Self.described(classNames)) of \(files[0]), found \(Self.described(columns.classNames))"
        )
      }
      rows.reserveCapacity(rows.count + table.rows.count)
      for row in table.rows { try append(row, columns: columns, file: file) }
    }
  }

  private static func described(_ classes: [String]) -> String {
    classes.isEmpty ? "score" : classes.map { "logit_\($0)" }.listed
  }

  private mutating func append(_ row: CommaSeparatedValues.Row, columns: Columns, file: String) throws {
    func wrong(_ problem: String) -> PredictionsError { PredictionsError(file, line: row.line, problem) }
    func field(_ column: Int?) -> String {
      column.map { row.fields[$0].trimmingCharacters(in: .whitespaces) } ?? ""
    }
    let (model, item) = (field(columns.model), field(columns.item))
    guard !model.isEmpty else { throw wrong("the model has no name") }
    guard !item.isEmpty else { throw wrong("the item has no name") }
    guard let isMember = Self.membership[field(columns.member).lowercased()] else {
      throw wrong(
        "model \(model), item \(item): the column member is \"\(field(columns.member))\"; expected 1 or 0, or true or "
          + "false: whether the item was in the model's training set")
    }
    var label = -1
    if columns.label != nil {
      guard let found = classNames.firstIndex(of: field(columns.label)) else {
        throw wrong(
          "item \(item) has the label \"\(field(columns.label))\", which no column is for; expected one of "
            + classNames.listed)
      }
      label = found
    }
    for column in columns.values {
      guard let value = Double(field(column.index)), value.isFinite,
        classNames.isEmpty || abs(value) <= Logits.largestMagnitude
      else {
        throw wrong(
          "model \(model), item \(item): the column \(column.name) is \"\(field(column.index))\"; expected a finite "
            + "number" + field(column.index).decimalCommaHint)
      }
      values.append(value)
    }
    let epochText = field(columns.epoch)
    guard columns.epoch == nil || Int(epochText) != nil else {
      throw wrong("model \(model), item \(item): the epoch \"\(epochText)\" is not a whole number")
    }
    let arm = field(columns.arm)
    rows.append(
      Row(
        file: file, line: row.line, arm: arm.isEmpty ? "model" : arm, model: model, item: item, isMember: isMember,
        label: label, cluster: field(columns.cluster), query: field(columns.query), epoch: Int(epochText),
        groups: columns.groups.map { row.fields[$0] }))
  }

  private static let membership: [String: Bool] = [
    "1": true, "true": true, "yes": true, "in": true, "0": false, "false": false, "no": false, "out": false,
  ]

  /// The columns of one file.
  private struct Columns {
    let model: Int
    let item: Int
    let member: Int
    /// nil if scores are given.
    let label: Int?
    let values: [(name: String, index: Int)]
    let classNames: [String]
    let arm: Int?
    let cluster: Int?
    let query: Int?
    let epoch: Int?
    let groups: [Int]

    init(_ table: CommaSeparatedValues, groups: [String]) throws(PredictionsError) {
      func column(_ name: String, _ what: String) throws(PredictionsError) -> Int {
        guard let index = table.column(name) else {
          throw PredictionsError(
            table.file, line: 1, "there is no column \(name)\(what); found: \(table.header.listed)")
        }
        return index
      }
      model = try column("model", ", which names the model of each row")
      item = try column("item", ", which names the item of each row")
      member = try column("member", ", which says whether the item was in the model's training set")
      var own: [Int] = []
      for name in groups { own.append(try column(name, "")) }
      self.groups = own
      let prefix = "logit_"
      let logits = table.header.enumerated().filter { $1.hasPrefix(prefix) && $1.count > prefix.count }
      let score = table.column("score")
      guard logits.isEmpty != (score == nil) else {
        throw PredictionsError(
          table.file, line: 1,
          "expected either a column score or a column logit_CLASS for each class; found: \(table.header.listed)")
      }
      guard logits.isEmpty || logits.count >= 2 else {
        throw PredictionsError(table.file, line: 1, "there is one column logit_CLASS; expected two classes or more")
      }
      // Files may have their classes in any order.
      let sorted = logits.map { (name: $1, index: $0) }.sorted { $0.name < $1.name }
      classNames = sorted.map { String($0.name.dropFirst(prefix.count)) }
      values = score.map { [("score", $0)] } ?? sorted
      label = logits.isEmpty ? nil : try column("label", ", which names the class of each item beside its logits")
      arm = table.column("arm")
      cluster = table.column("cluster")
      query = table.column("query")
      epoch = table.column("epoch")
    }
  }
}

extension ScoresTable {
  /// Everything that determines the attacks, to be hashed: the same for any order of rows and files.
  var digestible: [UInt8] {
    var bytes: [UInt8] = Array(classNames.joined(separator: "\u{1F}").utf8)
    func key(_ row: Row) -> (String, String, String, String, Int) {
      (row.arm, row.model, row.item, row.query, row.epoch ?? -1)
    }
    for number in rows.indices.sorted(by: { key(rows[$0]) < key(rows[$1]) }) {
      let row = rows[number]
      let fields =
        [row.arm, row.model, row.item, row.query, row.epoch.map { "\($0)" } ?? "", row.isMember ? "1" : "0"]
        + ["\(row.label)", row.cluster] + row.groups
      bytes += Array(fields.joined(separator: "\u{1F}").utf8) + [0x1E]
      values[number * valuesEach..<(number + 1) * valuesEach].withUnsafeBytes { bytes += $0 }
    }
    return bytes
  }
}

/// The models, items, queries and epochs of one arm, and which row says what.
struct RowAxes {
  let models: [String]
  /// The number of the first row of every item, in the order of their names.
  let items: [Int]
  let queries: [String]
  /// Ascending; one without a column of epochs.
  let epochs: [Int?]
  /// `[model][query][epoch][item]`, flat.
  private let numbers: [Int]

  /// The row of a model, query, epoch and item.
  func row(model: Int, query: Int, epoch: Int, item: Int) -> Int {
    numbers[((model * queries.count + query) * epochs.count + epoch) * items.count + item]
  }

  /// - Parameters:
  ///   - numbers: The rows of one arm.
  /// - Throws: `PredictionsError` if a model has no row for an item, or two, or rows contradict each other.
  init(_ table: ScoresTable, arm: String, rows numbers: [Int]) throws(PredictionsError) {
    let rows = numbers.map { table.rows[$0] }
    models = Set(rows.map(\.model)).sorted(by: Self.isBefore)
    queries = Set(rows.map(\.query)).sorted(by: Self.isBefore)
    epochs = Set(rows.map(\.epoch)).sorted { $0 ?? 0 < $1 ?? 0 }
    let positions = (
      model: Self.positions(models), query: Self.positions(queries), epoch: Self.positions(epochs)
    )
    var firstRows: [String: Int] = [:]
    for number in numbers where firstRows[table.rows[number].item] == nil {
      firstRows[table.rows[number].item] = number
    }
    // In an order that does not depend on the order of the rows.
    let names = firstRows.keys.sorted(by: Self.isBefore)
    let itemPositions = Self.positions(names)
    let items = names.compactMap { firstRows[$0] }
    var found = [Int](repeating: -1, count: models.count * queries.count * epochs.count * items.count)
    var membership: [Int8] = Array(repeating: -1, count: models.count * items.count)
    for (number, row) in zip(numbers, rows) {
      guard let model = positions.model[row.model], let query = positions.query[row.query],
        let epoch = positions.epoch[row.epoch], let item = itemPositions[row.item]
      else { continue }
      try row.requireAgreement(with: table.rows[items[item]], classNames: table.classNames)
      let cell = ((model * queries.count + query) * epochs.count + epoch) * items.count + item
      guard found[cell] < 0 else {
        throw PredictionsError(
          row.file, line: row.line,
          "item \(row.item) occurs twice in \(Self.name(arm, row)), the other time in line \(table.rows[found[cell]].line) "
            + "of \(table.rows[found[cell]].file); expected each item once per model, query and epoch")
      }
      found[cell] = number
      let isMember: Int8 = row.isMember ? 1 : 0
      guard membership[model * items.count + item] != 1 - isMember else {
        throw PredictionsError(
          row.file, line: row.line,
          "item \(row.item) is both a member and a non-member of model \(row.model); expected the same in all of its rows"
        )
      }
      membership[model * items.count + item] = isMember
    }
    if let missing = found.firstIndex(where: { $0 < 0 }) {
      let item = table.rows[items[missing % items.count]]
      let (epoch, rest) = (missing / items.count % epochs.count, missing / items.count / epochs.count)
      let query = queries[rest % queries.count]
      let source =
        "arm \(arm), model \(models[rest / queries.count])" + (query.isEmpty ? "" : ", query \(query)")
        + (epochs[epoch].map { ", epoch \($0)" } ?? "")
      throw PredictionsError(
        item.file,
        "\(source) has no score for item \(item.item); expected every model to score every item, with the same queries "
          + "and epochs")
    }
    (self.items, self.numbers) = (items, found)
  }

  private static func positions<Name: Hashable>(_ names: [Name]) -> [Name: Int] {
    Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
  }

  private static func name(_ arm: String, _ row: ScoresTable.Row) -> String {
    "arm \(arm), model \(row.model)" + (row.query.isEmpty ? "" : ", query \(row.query)")
      + (row.epoch.map { ", epoch \($0)" } ?? "")
  }

  /// Numbers by size, before words.
  private static func isBefore(_ first: String, _ second: String) -> Bool {
    switch (Int(first), Int(second)) {
    case (let number?, let other?): (number, first) < (other, second)
    case (.some, nil): true
    case (nil, .some): false
    case (nil, nil): first < second
    }
  }
}

extension ScoresTable.Row: ItemRow {
  package func label(among classNames: [String]) -> String {
    classNames.indices.contains(label) ? classNames[label] : ""
  }
}

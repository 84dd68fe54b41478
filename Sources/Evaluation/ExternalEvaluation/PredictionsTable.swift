import Foundation
import Metrics
package import Support

/// Rows of external predictions, each checked by itself.
///
/// Columns: `item`, `label`, and for every class `logit_CLASS` or `probability_CLASS`; optionally `arm`, `seed`,
/// `cluster`, `split`; and columns of groups. Rows whose split is `validation` are used for fitting and not reported. A
/// batch of new items may have no labels, for single items or for all.
package struct PredictionsTable: Sendable {
  /// One model's prediction for one item.
  package struct Row: Sendable {
    package let file: String
    package let line: Int
    package fileprivate(set) var arm: String
    package fileprivate(set) var seed: Int?
    package let item: String
    /// The position of its class; nil only in a batch.
    package fileprivate(set) var label: Int?
    package let cluster: String
    package let isValidation: Bool
    /// The cell of every group column.
    package let groups: [String]
  }

  package private(set) var classNames: [String]
  package let holdsProbabilities: Bool
  package private(set) var rows: [Row] = []
  /// Logits or probabilities, row by row.
  package private(set) var scores: [Double] = []
  /// How files were read where that was not a matter of course, in a sentence each.
  package private(set) var notes: [String] = []

  /// Reads files that have the same classes, in any order of their columns; they are sorted by name.
  ///
  /// - Parameter groups: the columns of groups.
  package init(files: [String], groups: [String]) throws {
    guard let first = files.first else { throw PredictionsError("--predictions", "expected a file") }
    let table = try CommaSeparatedValues(file: first)
    let columns = try ScoreColumns(table).sorted
    classNames = columns.classNames
    holdsProbabilities = columns.holdsProbabilities
    try append(table, columns: columns, groups: groups)
    for file in files.dropFirst() {
      let table = try CommaSeparatedValues(file: file)
      let columns = try ScoreColumns(table).sorted
      guard columns.classNames == classNames, columns.holdsProbabilities == holdsProbabilities else {
        throw PredictionsError(
          file, line: 1,
          "expected the columns of \(first): \(ScoreColumns.names(classNames, probabilities: holdsProbabilities))")
      }
      try append(table, columns: columns, groups: groups)
    }
  }

  /// Reads a batch of new items: labels may be missing, and splits mean nothing.
  ///
  /// - Parameters:
  ///   - classNames: the classes that there must be, in the order that positions count in, whatever that of the
  ///     columns.
  ///   - groups: the columns of groups; all there.
  ///   - cluster: the column that names what belongs together, where there is one.
  package init(
    batch table: CommaSeparatedValues, classNames: [String], groups: [String], cluster: String = "cluster"
  ) throws {
    let columns = try ScoreColumns(table).ordered(like: classNames, file: table.file)
    self.classNames = classNames
    holdsProbabilities = columns.holdsProbabilities
    try append(table, columns: columns, groups: groups, cluster: cluster, isBatch: true)
  }

  /// The rows of one split.
  func part(isValidation: Bool) -> PredictionsTable { part { $0.isValidation == isValidation } }

  /// The rows that `isIncluded`, in their order.
  package func part(where isIncluded: (Row) -> Bool) -> PredictionsTable {
    var part = self
    let kept = rows.indices.filter { isIncluded(rows[$0]) }
    part.rows = kept.map { rows[$0] }
    part.scores = kept.flatMap { scores[$0 * classNames.count..<($0 + 1) * classNames.count] }
    return part
  }

  /// The rows of several tables, whose classes must be the same.
  package init(joining tables: [PredictionsTable]) throws(PredictionsError) {
    guard var joined = tables.first else { throw PredictionsError("--predictions", "expected a file") }
    for table in tables.dropFirst() {
      guard table.classNames == joined.classNames, table.holdsProbabilities == joined.holdsProbabilities else {
        throw PredictionsError(
          table.rows.first?.file ?? "", line: 1, "expected the classes of \(joined.rows.first?.file ?? "")")
      }
      joined.rows += table.rows
      joined.scores += table.scores
      joined.notes += table.notes
    }
    self = joined
  }

  /// The same rows with the classes in the order of `names`; nil where these are not the classes.
  package func ordered(classes names: [String]) -> PredictionsTable? {
    guard names.count == classNames.count, Set(names) == Set(classNames) else { return nil }
    let columns = names.compactMap { classNames.firstIndex(of: $0) }
    guard columns != Array(classNames.indices) else { return self }
    var positions = [Int](repeating: 0, count: columns.count)
    for (new, old) in columns.enumerated() { positions[old] = new }
    var ordered = self
    ordered.classNames = names
    for row in rows.indices {
      if let label = rows[row].label { ordered.rows[row].label = positions[label] }
      for (new, old) in columns.enumerated() {
        ordered.scores[row * columns.count + new] = scores[row * columns.count + old]
      }
    }
    return ordered
  }

  /// The same rows under the name of another arm.
  package func named(arm: String) -> PredictionsTable {
    var named = self
    for row in rows.indices { named.rows[row].arm = arm }
    return named
  }

  /// The same rows under the name of one run.
  package func named(arm: String, seed: Int?) -> PredictionsTable {
    var named = self
    for row in rows.indices { (named.rows[row].arm, named.rows[row].seed) = (arm, seed) }
    return named
  }

  private mutating func append(
    _ table: CommaSeparatedValues, columns: ScoreColumns, groups: [String], cluster clusterName: String = "cluster",
    isBatch: Bool = false
  ) throws {
    func column(_ name: String) throws(PredictionsError) -> Int {
      guard let index = table.column(name) else {
        throw PredictionsError(
          table.file, line: 1, "there is no column \(name); found: \(table.header.listed)\(table.hint(for: [name]))")
      }
      return index
    }
    let item = try column("item")
    let label = isBatch ? table.column("label") : try column("label")
    let groupColumns = try groups.map { try column($0) }
    let first = rows.count
    let (arm, seed, cluster) = (table.column("arm"), table.column("seed"), table.column(clusterName))
    let split = isBatch ? nil : table.column("split")
    let classes = Dictionary(classNames.enumerated().map { ($1, $0) }) { first, _ in first }
    for row in table.rows {
      func wrong(_ problem: String) -> PredictionsError { PredictionsError(table.file, line: row.line, problem) }
      let name = row.fields[item]
      guard !name.isEmpty else { throw wrong("the item has no name") }
      let labelText = label.map { row.fields[$0] } ?? ""
      let labelIndex = classes[labelText]
      guard labelIndex != nil || isBatch && labelText.isEmpty else {
        throw wrong(
          "item \(name) has the label \"\(labelText)\", which no column is for; expected one of " + classNames.listed)
      }
      let seedText = seed.map { row.fields[$0] } ?? ""
      guard seedText.isEmpty || Int(seedText) != nil else {
        throw wrong("the seed \"\(seedText)\" is not a whole number")
      }
      let part = split.map { row.fields[$0] } ?? "test"
      guard ["test", "validation"].contains(part) else {
        throw wrong("item \(name) is of the split \"\(part)\"; expected test or validation")
      }
      scores += try columns.scores(of: row, item: name, file: table.file)
      rows.append(
        Row(
          file: table.file, line: row.line,
          arm: arm.map { row.fields[$0] }.flatMap { $0.isEmpty ? nil : $0 } ?? "model",
          seed: Int(seedText), item: name, label: labelIndex, cluster: cluster.map { row.fields[$0] } ?? "",
          isValidation: part == "validation", groups: groupColumns.map { row.fields[$0] }))
    }
    if let note = table.note { notes.append(note) }
    if holdsProbabilities { try checkSums(of: rows[first...]) }
  }

  /// How far a sum of probabilities may be from 1, whatever their digits.
  private static let tolerance = 0.01
  /// How far it may be without the probabilities being scaled: what single precision leaves.
  private static let exactness = 1e-6

  /// Checks that the probabilities of each row sum to 1, as far as rounding to the digits of their file explains.
  private mutating func checkSums(of added: ArraySlice<Row>) throws(PredictionsError) {
    let count = classNames.count
    var (scaled, lowest, highest) = (0, Double.infinity, 0.0)
    // The decimals of the whole file: a row of zeros and ones does not show them.
    var decimals: Int?
    for number in added.indices {
      let sum = scores[number * count..<(number + 1) * count].reduce(0, +)
      let distance = abs(sum - 1)
      guard distance > Self.exactness else { continue }
      scaled += 1
      (lowest, highest) = (min(lowest, sum), max(highest, sum))
      guard distance > Self.tolerance else { continue }
      let digits = decimals ?? scores[added.startIndex * count..<added.endIndex * count].map(\.decimals).max() ?? 0
      decimals = digits
      let explained = 0.5 * Double(count) * pow(10, -Double(digits))
      guard sum > 0, distance <= explained + 1e-9 else {
        let row = rows[number]
        throw PredictionsError(
          row.file, line: row.line,
          "the probabilities of item \(row.item) sum to \(sum.rounded(toDecimals: 6)); expected 1, give or take "
            + "\(max(Self.tolerance, explained).rounded(toDecimals: 6)), for rounding \(count) classes to \(digits) "
            + "decimals explains \(explained.rounded(toDecimals: 6)) at most")
      }
    }
    guard scaled > 0, let path = added.first?.file else { return }
    let file = path.split(separator: "/").last.map(String.init) ?? path
    let range = "\(lowest.rounded(toDecimals: 6)) to \(highest.rounded(toDecimals: 6))"
    notes.append(
      "\(file): the probabilities of \(scaled) of \(added.count) rows sum to \(range), and are scaled to sum to 1."
        + (decimals.map { " Rounding to \($0) decimals explains it." } ?? ""))
  }

  /// The probabilities of a row, scaled to sum to 1 where they do not; or its logits.
  func outputs(row: Int) -> [Double] {
    let values = Array(scores[row * classNames.count..<(row + 1) * classNames.count])
    guard holdsProbabilities else { return values }
    let sum = values.reduce(0, +)
    return abs(sum - 1) > Self.exactness ? values.map { $0 / sum } : values
  }
}

/// The columns of a model's logits or probabilities.
private struct ScoreColumns {
  private(set) var classNames: [String]
  let holdsProbabilities: Bool
  private var indices: [Int]

  init(_ table: CommaSeparatedValues) throws(PredictionsError) {
    func columns(_ prefix: String) -> [(name: String, index: Int)] {
      table.header.enumerated().filter { $1.hasPrefix(prefix) && $1.count > prefix.count }.map {
        (String($1.dropFirst(prefix.count)), $0)
      }
    }
    let (logits, probabilities) = (columns("logit_"), columns("probability_"))
    guard logits.isEmpty || probabilities.isEmpty else {
      throw PredictionsError(table.file, line: 1, "there are columns logit_… and probability_…; expected one kind")
    }
    let found = logits.isEmpty ? probabilities : logits
    guard found.count >= 2 else {
      throw PredictionsError(
        table.file, line: 1,
        "expected a column logit_CLASS or probability_CLASS for each of two classes or more; found: "
          + table.header.listed + table.hint(for: ["logit_", "probability_"]))
    }
    classNames = found.map(\.name)
    indices = found.map(\.index)
    holdsProbabilities = logits.isEmpty
    try table.requireOneDecimalSign(in: indices)
  }

  /// The same columns in the sorted order of the classes' names, so that nothing depends on that of the columns.
  var sorted: ScoreColumns {
    let order = classNames.indices.sorted { classNames[$0] < classNames[$1] }
    var sorted = self
    sorted.classNames = order.map { classNames[$0] }
    sorted.indices = order.map { indices[$0] }
    return sorted
  }

  /// The same columns in the order of `names`.
  func ordered(like names: [String], file: String) throws(PredictionsError) -> ScoreColumns {
    guard Set(names) == Set(classNames), names.count == classNames.count else {
      throw PredictionsError(
        file, line: 1,
        "found the classes \(classNames.listed); expected the reference's classes: \(names.listed)")
    }
    var ordered = self
    ordered.classNames = names
    ordered.indices = names.compactMap { name in classNames.firstIndex(of: name).map { indices[$0] } }
    return ordered
  }

  static func names(_ classes: [String], probabilities: Bool) -> String {
    classes.map { (probabilities ? "probability_" : "logit_") + $0 }.listed
  }

  func scores(of row: CommaSeparatedValues.Row, item: String, file: String) throws(PredictionsError) -> [Double] {
    var values: [Double] = []
    for (name, index) in zip(classNames, indices) {
      let text = row.fields[index]
      guard let value = Double(text.trimmingCharacters(in: .whitespaces)), value.isFinite else {
        throw PredictionsError(
          file, line: row.line,
          "item \(item) has \"\(text)\" for class \(name); expected a finite number" + text.decimalCommaHint)
      }
      guard !holdsProbabilities || (0...1).contains(value) else {
        throw PredictionsError(
          file, line: row.line, "item \(item) has the probability \(text) for class \(name); expected one from 0 to 1")
      }
      guard holdsProbabilities || abs(value) <= Logits.largestMagnitude else {
        throw PredictionsError(
          file, line: row.line,
          "item \(item) has the logit \(text) for class \(name); expected at most \(Logits.largestMagnitude) in magnitude"
        )
      }
      values.append(value)
    }
    return values
  }
}

extension CommaSeparatedValues {
  /// Why columns may not have been found: another separator, or capital letters; empty without a sign of either.
  ///
  /// - Parameter names: what the columns' names are, or begin with.
  fileprivate func hint(for names: [String]) -> String {
    if header.count == 1, let only = header.first, only.contains("|") {
      return "; the file seems to be separated by |: expected commas, semicolons or tabs"
    }
    let meant = header.first { column in
      names.contains { column.trimmingCharacters(in: .whitespaces).lowercased().hasPrefix($0) && !column.hasPrefix($0) }
    }
    return meant.map { "; \"\($0)\" must be written in small letters and without blanks" } ?? ""
  }
}

extension CommaSeparatedValues {
  /// Checks that columns of numbers do not mix decimal commas and decimal points: "1.234" would then be two numbers.
  func requireOneDecimalSign(in columns: [Int]) throws(PredictionsError) {
    guard let mixed = firstMixedDecimal(in: columns) else { return }
    throw PredictionsError(
      file, line: mixed.line,
      "the column \(mixed.column) has a decimal point, and the column \(mixed.commas) has decimal commas; write all "
        + "numbers with one of them")
  }
}

extension String {
  /// What to do about a number with a comma; empty for others.
  var decimalCommaHint: String {
    contains(",")
      ? " with a decimal point; commas are read where semicolons or tabs separate and the whole column has them" : ""
  }
}

extension Double {
  /// The decimals of the shortest text that reads back as this number.
  fileprivate var decimals: Int {
    let parts = "\(self)".split(separator: "e")
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let digits = parts[0].split(separator: ".").dropFirst().first.map { $0 == "0" ? 0 : $0.count } ?? 0
    return max(0, digits - exponent)
  }

  fileprivate func rounded(toDecimals digits: Int) -> Double {
    let unit = pow(10, Double(digits))
    return (self * unit).rounded() / unit
  }
}

extension [String] {
  /// "a, b, c", cut where it is long.
  package var listed: String {
    count > 20 ? prefix(20).joined(separator: ", ") + " and \(count - 20) more" : joined(separator: ", ")
  }
}

extension PredictionsTable {
  /// Checks that no item, and no cluster, is on both sides: what is fitted to validation items would be evaluated on
  /// the same items.
  ///
  /// - Throws: `PredictionsError` with the file and line where the second side begins.
  func requireSeparateSplits() throws(PredictionsError) {
    guard rows.contains(where: \.isValidation) else { return }
    var items: [String: Row] = [:]
    var clusters: [String: Row] = [:]
    for row in rows {
      try Self.require(row, "item", row.item, known: &items)
      if !row.cluster.isEmpty { try Self.require(row, "cluster", row.cluster, known: &clusters) }
    }
  }

  private static func require(
    _ row: Row, _ what: String, _ name: String, known: inout [String: Row]
  ) throws(PredictionsError) {
    guard let first = known[name] else {
      known[name] = row
      return
    }
    guard first.isValidation != row.isValidation else { return }
    let whole = what == "item" ? "the item" : "all items of the cluster"
    throw PredictionsError(
      row.file, line: row.line,
      "\(what) \(name) is of the split \(row.splitName) here, and of \(first.splitName) in line \(first.line) of "
        + "\(first.file); put \(whole) into one of them, because what is fitted to validation items must not be evaluated on them"
    )
  }
}

extension PredictionsTable.Row {
  fileprivate var splitName: String { isValidation ? "validation" : "test" }
}

extension PredictionsTable {
  /// The rows of one arm in the form in which they are read.
  ///
  /// - Parameter groups: the names of the columns of groups.
  func bytes(ofArm arm: String, groups: [String]) -> [UInt8] {
    let prefix = holdsProbabilities ? "probability_" : "logit_"
    var writer = CommaSeparatedValuesWriter(
      header: ["arm", "seed", "split", "item", "label"] + classNames.map { prefix + $0 } + groups + ["cluster"])
    let count = classNames.count
    for (number, row) in rows.enumerated() where row.arm == arm {
      let start = [row.arm, row.seed.map { "\($0)" } ?? "", row.isValidation ? "validation" : "test", row.item]
      let label = row.label.map { classNames[$0] } ?? ""
      let stated = scores[number * count..<(number + 1) * count].map { "\($0)" }
      writer.append(start + [label] + stated + row.groups + [row.cluster])
    }
    return writer.bytes
  }
}

extension String {
  /// The name of an arm's table; what a path could not hold is written as in an address, so that two arms never share
  /// one.
  package var predictionsFile: String {
    flatMap { character -> String in
      switch character {
      case "/": "%2F"
      case "%": "%25"
      case "\0": "%00"
      default: String(character)
      }
    } + ".csv"
  }
}

/// A row about an item: other rows of the item must agree with it.
package protocol ItemRow {
  var file: String { get }
  var line: Int { get }
  var item: String { get }
  /// The name of its class; empty if it has none.
  func label(among classNames: [String]) -> String
  var cluster: String { get }
  /// The cell of every group column.
  var groups: [String] { get }
}

extension ItemRow {
  /// - Throws: `PredictionsError` if this row says another label, cluster or group of the item than `first` does.
  package func requireAgreement(with first: Self, classNames: [String]) throws(PredictionsError) {
    let pairs =
      [
        ("label", label(among: classNames), first.label(among: classNames)), ("cluster", cluster, first.cluster),
      ] + zip(groups, first.groups).map { ("group", $0, $1) }
    for (what, found, expected) in pairs where found != expected {
      throw PredictionsError(
        file, line: line,
        "item \(item) has the \(what) \"\(found)\", and \"\(expected)\" in line \(first.line) of \(first.file)")
    }
  }
}

extension Array where Element: ItemRow {
  /// The number of every item's cluster, in the order in which clusters first appear; an item without a cluster stands
  /// alone.
  var clusterNumbers: [Int] {
    var numbers: [String: Int] = [:]
    return enumerated().map { position, row in
      let name = row.cluster.isEmpty ? "\u{0}\(position)" : row.cluster
      if let known = numbers[name] { return known }
      numbers[name] = numbers.count
      return numbers.count - 1
    }
  }
}

extension PredictionsTable.Row: ItemRow {
  package func label(among classNames: [String]) -> String { label.map { classNames[$0] } ?? "" }
}

/// Why external predictions or scores cannot be evaluated: the file, the line, what was found and what was expected.
package struct PredictionsError: Error, Equatable, Sendable, CustomStringConvertible {
  package let file: String
  /// nil if the problem concerns the whole file.
  package let line: Int?
  package let problem: String

  package init(_ file: String, line: Int? = nil, _ problem: String) {
    (self.file, self.line, self.problem) = (file, line, problem)
  }

  package var description: String { "\(file)\(line.map { ", line \($0)" } ?? ""): \(problem)" }
}

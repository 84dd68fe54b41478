import Datasets
import Foundation
import Metrics
import Support

/// A batch of new items that the released model has seen.
struct Window: Sendable {
  let file: String
  let items: ScoredItems
  /// The reference's groups that have items here.
  let groups: [Subgroup]
  /// Values that no reference item has.
  let unseen: [Subgroup]
  /// Columns of groups that are missing in the file.
  let missingColumns: [String]
  /// Set where the reference has clusters and this file does not say what its own are.
  let missingClusters: MissingClusters?
  /// The reference's groups without items here, their columns being there.
  let missingGroups: [GroupName]
  /// Items that are the reference's own.
  let known: Int
  let columns: ItemColumns
  /// The digest of the file's cells, whatever the order of its rows and columns.
  let content: ContentHash

  /// - Throws: `MonitoringError`, or the error of a file, naming file, line and item.
  init(_ source: WindowFile, label: String, reference: Reference) throws {
    let table = try source.table(label: label)
    guard label == "label" || table.column("label") != nil else {
      throw MonitoringError(
        table.file, line: 1,
        "there is no column \(label), which --label names; found: \(table.header.joined(separator: ", "))")
    }
    let groupColumns = FrozenGroups.columns(of: reference.document.groups)
    let there = groupColumns.filter { table.column($0) != nil }
    missingColumns = groupColumns.filter { !there.contains($0) }
    // A manifest calls its clusters as the audit's did.
    let clusterColumn = reference.document.clusterColumn.flatMap { table.column($0) == nil ? nil : $0 } ?? "cluster"
    let all = try PredictionsTable(
      batch: table, classNames: reference.document.classNames, groups: there, cluster: clusterColumn)
    // A file may hold several arms and seeds, as an audit's predictions do.
    let run = reference.run
    var own = all
    if table.column("arm") != nil { own = own.part { $0.arm == run.arm } }
    if table.column("seed") != nil { own = own.part { $0.seed == nil || $0.seed == run.seed } }
    guard !own.rows.isEmpty else {
      throw MonitoringError(table.file, "none of the \(all.rows.count) rows belongs to \(run), the released run")
    }
    let items = try ScoredItems(
      own.named(arm: run.arm, seed: run.seed), columns: there, positive: reference.positive)
    missingClusters =
      reference.items.isClustered && own.rows.allSatisfy(\.cluster.isEmpty)
      ? MissingClusters(column: reference.document.clusterColumn) : nil
    let groups = reference.frozen.subgroups(cells: items.cells, count: items.count)
    let found = Set(groups.map(\.name))
    let missing = missingColumns
    missingGroups = reference.groups.map(\.name).filter { group in
      !found.contains(group) && !FrozenGroups.parts(of: group.column).contains(where: missing.contains)
    }
    unseen = reference.frozen.unseen(cells: items.cells, count: items.count)
    known = Set(items.identifiers).intersection(reference.items.identifiers).count
    columns = try ItemColumns(table, items: items.identifiers)
    content = table.contentInAnyOrder
    file = source.file
    self.items = items
    self.groups = groups
  }
}

/// A batch of new items as a file, with predictions in it or in a file of their own.
package struct WindowFile: Sendable {
  /// A CSV: of predictions, or a manifest.
  package let file: String
  private let contents: CommaSeparatedValues
  /// For a manifest, what `tenbin predict` wrote of it: a row for each of its rows, in its order.
  package var predictions: String?

  /// Reads the file.
  package init(file: String, predictions: String? = nil) throws {
    (self.file, self.predictions) = (file, predictions)
    contents = try CommaSeparatedValues(file: file)
  }

  /// How the file was read where that was not a matter of course, in a sentence.
  package var note: String? { contents.note }

  /// Whether it has columns of predictions itself.
  package var holdsPredictions: Bool { contents.header.contains(where: Self.isScore) }

  private static func isScore(_ column: String) -> Bool {
    column.hasPrefix("logit_") || column.hasPrefix("probability_")
  }

  /// One table with the columns `item`, `label` where there are labels, those of predictions, and all others of the
  /// file, its rows on the lines on which they are in the file.
  ///
  /// - Parameters:
  ///   - label: what the file calls the column of labels.
  /// - Throws: `MonitoringError`, or the error of the CSV, where the two files do not fit each other.
  func table(label: String) throws -> CommaSeparatedValues {
    guard let predictions else { return try Self.renamed(contents, label: label, scores: nil) }
    let scores = try CommaSeparatedValues(file: predictions)
    guard scores.rows.count == contents.rows.count else {
      throw MonitoringError(
        predictions,
        "there are \(scores.rows.count) rows; expected one for each of the \(contents.rows.count) of \(file)")
    }
    return try Self.renamed(contents, label: label, scores: scores)
  }

  /// Written and read again, for a table has its columns from bytes alone.
  private static func renamed(
    _ table: CommaSeparatedValues, label: String, scores: CommaSeparatedValues?
  ) throws -> CommaSeparatedValues {
    if scores == nil, label == "label" { return table }
    let labelColumn = table.column(label)
    var kept = table.header.indices.filter { table.header[$0] != "label" || $0 == labelColumn }
    var scoreColumns: [Int] = []
    var name: Int?
    if let scores {
      kept.removeAll { isScore(table.header[$0]) }
      scoreColumns = scores.header.indices.filter { isScore(scores.header[$0]) }
      name = table.column("item") == nil ? table.column("path") : nil
    }
    // Texts without a name are identified by their line.
    let isNamed = table.column("item") != nil || scores == nil
    let header = kept.map { $0 == labelColumn ? "label" : table.header[$0] }
    var writer = CommaSeparatedValuesWriter(
      header: header + (isNamed ? [] : ["item"]) + scoreColumns.compactMap { scores?.header[$0] })
    for (index, row) in table.rows.enumerated() {
      let item = name.map { row.fields[$0] } ?? "line \(row.line)"
      let values = scores.map { scores in scoreColumns.map { scores.rows[index].fields[$0] } } ?? []
      writer.append(kept.map { row.fields[$0] } + (isNamed ? [] : [item]) + values)
    }
    return try CommaSeparatedValues(bytes: writer.bytes, name: table.file)
  }
}

extension CommaSeparatedValues {
  /// The digest of the columns' names and the cells, which the order of rows and columns leaves as it is.
  fileprivate var contentInAnyOrder: ContentHash {
    let order = header.indices.sorted { header[$0] < header[$1] }
    func digest(_ fields: [String]) -> String {
      var hasher = ContentHasher()
      hasher.combine(list: order.map { fields[$0] })
      return hasher.finish().description
    }
    var hasher = ContentHasher()
    hasher.combine(list: [digest(header)] + rows.map { digest($0.fields) }.sorted())
    return hasher.finish()
  }
}

/// One run's predictions for the items of one sample.
struct ScoredItems: Sendable {
  let table: PredictionsTable
  let identifiers: [String]
  /// The class of every item; nil if it is not labelled.
  let labels: [Int?]
  let clusters: [Int]
  let logits: Logits
  /// The predicted class of every item.
  let predictions: [Int]
  /// By column of groups, the cell of every item.
  let cells: [String: [String]]

  var count: Int { identifiers.count }
  /// Whether some items belong together.
  var isClustered: Bool { Set(clusters).count < count }
  var labelled: [Int] { labels.indices.filter { labels[$0] != nil } }

  /// - Parameters:
  ///   - table: rows of one run.
  ///   - columns: those of the table's group cells.
  ///   - positive: the positive class.
  /// - Throws: `PredictionsError` if an item occurs twice.
  init(_ table: PredictionsTable, columns: [String], positive: Int?) throws {
    let collected = try CollectedRuns(table)
    self.table = table
    identifiers = collected.items.map(\.item)
    labels = collected.items.map(\.label)
    clusters = collected.clusters
    let logits =
      try collected.arms.first?.runs.first?.logits
      ?? Logits(values: [Double](), count: 0, classes: max(1, table.classNames.count))
    let rule = PredictionRule(classNames: table.classNames, positiveClass: positive)
    self.logits = logits
    predictions = (0..<logits.count).map { rule.prediction(logits, item: $0) }
    cells = Dictionary(
      columns.enumerated().map { index, name in (name, collected.items.map { $0.groups[index] }) }
    ) { first, _ in first }
  }

  /// For every item whether it is predicted as it is labelled; nil if it is not labelled.
  var correct: [Double?] {
    labels.enumerated().map { item, label in label.map { predictions[item] == $0 ? 1 : 0 } }
  }

  /// The log-odds of the positive class, or of the predicted one where none is positive; no temperature reorders those
  /// of two classes.
  func logOdds(positive: Int?) -> [Double] {
    (0..<count).map { logits.logitScaledProbability(item: $0, label: positive ?? predictions[$0]) }
  }

  /// The decimals that stated probabilities are rounded to, if they are six or fewer; nil for logits and finer ones.
  var decimals: Int? {
    guard table.holdsProbabilities else { return nil }
    return (1...6).first { digits in
      let unit = pow(10, Double(digits))
      return table.scores.allSatisfy { abs($0 * unit - ($0 * unit).rounded()) < 1e-9 * unit }
    }
  }
}

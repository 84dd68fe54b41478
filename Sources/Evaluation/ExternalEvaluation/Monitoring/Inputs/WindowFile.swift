internal import Datasets
internal import Foundation

/// A batch of new items as a file, with predictions in it or beside it.
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

  /// Whether it has columns of predictions itself.
  package var holdsPredictions: Bool { contents.header.contains(where: Self.isScore) }

  private static func isScore(_ column: String) -> Bool {
    column.hasPrefix("logit_") || column.hasPrefix("probability_")
  }

  /// One table with the columns `item`, `label` where there are labels, those of predictions, and all others of the file,
  /// its rows on the lines on which they are in the file.
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
    // What tells texts apart is their line.
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

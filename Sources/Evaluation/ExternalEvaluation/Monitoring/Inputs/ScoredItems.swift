internal import Foundation
internal import Metrics

/// What one run says about the items of one sample.
struct ScoredItems: Sendable {
  let table: PredictionsTable
  let identifiers: [String]
  /// The class of every item; nil where it is not labelled.
  let labels: [Int?]
  let clusters: [Int]
  let logits: Logits
  /// By column of groups, the cell of every item.
  let cells: [String: [String]]

  var count: Int { identifiers.count }
  /// Whether some items belong together.
  var isClustered: Bool { Set(clusters).count < count }
  var labelled: [Int] { labels.indices.filter { labels[$0] != nil } }

  /// - Parameters:
  ///   - table: rows of one run.
  ///   - columns: those of the table's group cells.
  /// - Throws: `PredictionsError` where an item comes twice.
  init(_ table: PredictionsTable, columns: [String]) throws {
    let collected = try CollectedRuns(table)
    self.table = table
    identifiers = collected.items.map(\.item)
    labels = collected.items.map(\.label)
    clusters = collected.clusters
    logits =
      try collected.arms.first?.runs.first?.logits
      ?? Logits(values: [], count: 0, classes: max(1, table.classNames.count))
    cells = Dictionary(
      columns.enumerated().map { index, name in (name, collected.items.map { $0.groups[index] }) }
    ) { first, _ in first }
  }

  /// For every item whether it is predicted as it is labelled; nil where it is not labelled.
  var correct: [Double?] {
    labels.enumerated().map { item, label in label.map { logits.prediction(item: item) == $0 ? 1 : 0 } }
  }

  /// The log-odds of the positive class, or of the predicted one where none is positive; no temperature reorders those of
  /// two classes.
  func logOdds(positive: Int?) -> [Double] {
    (0..<count).map { logits.logitScaledProbability(item: $0, label: positive ?? logits.prediction(item: $0)) }
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

package import Metrics

/// Rows put together into runs over the same items.
package struct CollectedRuns: Sendable {
  /// The first row of every item, in the order in which they come.
  package let items: [PredictionsTable.Row]
  /// The number of every item's cluster.
  package let clusters: [Int]
  package let arms: [ArmPredictions]

  /// - Throws: `PredictionsError` where a run has an item twice, or not, or rows of one item contradict each other.
  package init(_ table: PredictionsTable) throws {
    var positions: [String: Int] = [:]
    var items: [PredictionsTable.Row] = []
    var order: [Run] = []
    var runs: [Run: Collected] = [:]
    let classes = table.classNames.count
    for (number, row) in table.rows.enumerated() {
      let position: Int
      if let known = positions[row.item] {
        position = known
        try row.requireAgreement(with: items[known], classNames: table.classNames)
      } else {
        position = items.count
        positions[row.item] = position
        items.append(row)
      }
      let run = Run(arm: row.arm, seed: row.seed)
      if runs[run] == nil {
        order.append(run)
        try Self.requireShortName(row)
      }
      let isNew = runs[run, default: Collected()].insert(row: number, at: position)
      guard isNew else {
        throw PredictionsError(
          row.file, line: row.line, "item \(row.item) comes twice for \(run); expected each item once a run")
      }
    }
    var arms: [ArmPredictions] = []
    for run in order {
      let rows = runs[run]?.rows ?? []
      if let missing = items.indices.first(where: { $0 >= rows.count || rows[$0] < 0 }) {
        throw PredictionsError(
          items[missing].file,
          "\(run) says nothing about item \(items[missing].item); expected all runs to hold the same items")
      }
      let values = rows.flatMap { table.scores[$0 * classes..<($0 + 1) * classes] }
      let logits =
        table.holdsProbabilities
        ? try Logits(probabilities: values, count: items.count, classes: classes)
        : try Logits(values: values.map(Float.init), count: items.count, classes: classes)
      let predictions = RunPredictions(seed: run.seed, logits: logits)
      if let index = arms.firstIndex(where: { $0.arm == run.arm }) {
        arms[index].runs.append(predictions)
      } else {
        arms.append(ArmPredictions(arm: run.arm, runs: [predictions]))
      }
    }
    self.items = items
    self.arms = arms
    var numbers: [String: Int] = [:]
    clusters = items.enumerated().map { index, row in
      // Whoever has no cluster stands alone.
      let name = row.cluster.isEmpty ? "\u{0}\(index)" : row.cluster
      if let known = numbers[name] { return known }
      numbers[name] = numbers.count
      return numbers.count - 1
    }
  }

  private struct Run: Hashable, CustomStringConvertible {
    let arm: String
    let seed: Int?

    var description: String { "arm \(arm)\(seed.map { ", seed \($0)" } ?? "")" }
  }

  private struct Collected {
    /// The row of every item; −1 for none.
    var rows: [Int] = []

    mutating func insert(row: Int, at position: Int) -> Bool {
      while rows.count <= position { rows.append(-1) }
      guard rows[position] < 0 else { return false }
      rows[position] = row
      return true
    }
  }

  /// The longest name of an arm, for each has a file of its own.
  private static let longestName = 200

  private static func requireShortName(_ row: PredictionsTable.Row) throws(PredictionsError) {
    let length = row.arm.predictionsFile.utf8.count - ".csv".utf8.count
    guard length > longestName else { return }
    throw PredictionsError(
      row.file, line: row.line,
      "the arm \(row.arm.prefix(40))… has a name of \(length) bytes; expected \(longestName) or fewer, for files are named "
        + "after it")
  }
}

extension PredictionsTable {
  /// Everything that the evaluation rests on, for its name; the same in whatever order and files the rows come.
  var digestible: [UInt8] {
    var bytes: [UInt8] = Array(classNames.joined(separator: "\u{1F}").utf8)
    let count = classNames.count
    let order = rows.indices.sorted { left, right in
      let (one, other) = (rows[left], rows[right])
      return (one.item, one.arm, one.seed ?? -1, left) < (other.item, other.arm, other.seed ?? -1, right)
    }
    for number in order {
      let row = rows[number]
      let label = row.label.map { "\($0)" } ?? ""
      let fields = [row.arm, row.seed.map { "\($0)" } ?? "", row.item, label, row.cluster] + row.groups
      bytes += Array(fields.joined(separator: "\u{1F}").utf8) + [0x1E]
      scores[number * count..<(number + 1) * count].withUnsafeBytes { bytes += $0 }
    }
    return bytes
  }
}

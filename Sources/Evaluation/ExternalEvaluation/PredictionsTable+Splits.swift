extension PredictionsTable {
  /// Checks that no item, and no cluster, is on both sides: what is fitted to validation items would be shown on the same
  /// ones.
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
        + "\(first.file); put \(whole) into one of them, for what is fitted to validation items must not be shown on them"
    )
  }
}

extension PredictionsTable.Row {
  fileprivate var splitName: String { isValidation ? "validation" : "test" }
}

/// A row about an item, of which others say the same things.
package protocol ItemRow {
  var file: String { get }
  var line: Int { get }
  var item: String { get }
  /// The name of its class; empty where it has none.
  func label(among classNames: [String]) -> String
  var cluster: String { get }
  /// The cell of every group column.
  var groups: [String] { get }
}

extension ItemRow {
  /// - Throws: `PredictionsError` where this row says another label, cluster or group of the item than `first` does.
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

extension PredictionsTable.Row: ItemRow {
  package func label(among classNames: [String]) -> String { label.map { classNames[$0] } ?? "" }
}

internal import Datasets
internal import Metrics

/// A batch of new items that the released model has seen.
struct Window: Sendable {
  let file: String
  let items: ScoredItems
  /// The reference's groups that have items here.
  let groups: [Subgroup]
  /// Values that no reference item has.
  let unseen: [Subgroup]
  /// Columns of groups that the file lacks.
  let missingColumns: [String]
  /// Set where the reference has clusters and this file does not say what its own are.
  let missingClusters: MissingClusters?
  /// The reference's groups without items here, their columns being there.
  let missingGroups: [GroupName]
  /// Items that are the reference's own.
  let known: Int
  let columns: ItemColumns

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
      throw MonitoringError(table.file, "none of the \(all.rows.count) rows is of \(run), which was released")
    }
    let items = try ScoredItems(own.named(arm: run.arm, seed: run.seed), columns: there)
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
    file = source.file
    self.items = items
    self.groups = groups
  }
}

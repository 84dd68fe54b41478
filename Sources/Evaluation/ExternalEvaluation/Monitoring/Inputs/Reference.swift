internal import Datasets
internal import Metrics
internal import Report
internal import Support

/// What a released model was audited on, and what it said then.
struct Reference: Sendable {
  let document: ReferenceDocument
  let run: ReleasedRun
  /// Test items, all of them labelled.
  let items: ScoredItems
  let frozen: FrozenGroups
  /// Those of the reference's groups that have items here.
  let groups: [Subgroup]
  let positive: Int?
  /// nil where no inputs are watched.
  let columns: ItemColumns?
  /// Of every item, 1 where it is predicted as it is labelled.
  let correct: [Double]

  /// - Throws: `MonitoringError`, or the error of a file, where the folder and its predictions do not fit each other.
  init(_ settings: MonitoringSettings) throws {
    let document = try ReferenceDocument(folder: settings.reference)
    let run = try ReleasedRun(arm: settings.arm, seed: settings.seed, model: settings.model, document: document)
    if let model = settings.model {
      try ReleasedModel(folder: model).require(of: run, reference: settings.reference, document: document)
    }
    let files = try Self.predictions(settings, run: run)
    let groupColumns = FrozenGroups.columns(of: document.groups)
    let table = try PredictionsTable(files: files, groups: groupColumns)
    let file = files.first ?? settings.reference
    guard table.classNames == document.classNames else {
      throw MonitoringError(
        file, line: 1,
        "there are the classes \(table.classNames.joined(separator: ", ")), and in \(document.file) "
          + document.classNames.joined(separator: ", "))
    }
    let own = table.part { !$0.isValidation && $0.arm == run.arm && $0.seed == run.seed }
    guard !own.rows.isEmpty else {
      throw MonitoringError(file, "there are no predictions of \(run) for items of the test split")
    }
    items = try ScoredItems(own, columns: groupColumns)
    correct = items.correct.compactMap(\.self)
    let right = correct.reduce(0, +)
    if let audited = document.accuracy(of: run), audited.n != items.count || audited.successes != right {
      throw MonitoringError(
        file,
        "\(run) is right for \(Int(right)) of \(items.count) items, and for \(Int(audited.successes)) of \(audited.n) in "
          + "\(document.file); expected the predictions that these results were made from")
    }
    positive = document.positiveClass.flatMap { document.classNames.firstIndex(of: $0) }
    frozen = FrozenGroups(groups: document.groups, cells: items.cells)
    groups = frozen.subgroups(cells: items.cells, count: items.count)
    columns =
      settings.watchesInputs
      ? try ItemColumns(CommaSeparatedValues(file: settings.referenceManifest ?? file), items: items.identifiers) : nil
    self.document = document
    self.run = run
  }

  private static func predictions(
    _ settings: MonitoringSettings, run: ReleasedRun
  ) throws(MonitoringError) -> [String] {
    guard settings.referencePredictions.isEmpty else { return settings.referencePredictions }
    let file = "\(settings.reference)/predictions/\(run.arm.predictionsFile)"
    do throws(FileError) {
      try FileBytes.requireReadable(file)
    } catch {
      throw MonitoringError(
        file,
        "cannot be read (\(error.reason)); audits and evaluations write it, and another file can be named with "
          + "--reference-predictions")
    }
    return [file]
  }
}

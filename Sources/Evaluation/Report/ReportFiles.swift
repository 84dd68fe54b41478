import Metrics

/// A file of a report: its path below the output folder and its bytes.
package struct ReportFile: Equatable, Sendable {
  package var path: String
  package var bytes: [UInt8]

  package init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }
}

extension AuditReport {
  /// Every file of the report: `results.json`, `report.html`, `tables/*.csv` and, of an audit, `costs.json`.
  package func files() throws -> [ReportFile] {
    [ReportFile(path: "results.json", bytes: try results.bytes())]
      + (isOfPredictions ? [] : [ReportFile(path: "costs.json", bytes: try costsDocument.bytes())])
      + [ReportFile(path: "report.html", bytes: Array(html().utf8))]
      + tables().map { ReportFile(path: "tables/\($0.name).csv", bytes: $0.table.bytes) }
  }

  /// The most exposed items, which are named: a file of its own, for whoever may know them. Not among `files()`.
  package func exposedItemsFile() -> ReportFile {
    ReportFile(path: "exposed_items.csv", bytes: privacyFigures.exposedItemsTable().bytes)
  }

  /// The tables by name, without the file name's ending.
  func tables() -> [(name: String, table: CommaSeparatedTable)] {
    let compared = [("comparisons", comparisonsTable())]
    let ofTexts: [[(name: String, table: CommaSeparatedTable)]?] = [
      translation.map { _ in [("translation", translationTable())] },
      likelihoods.map { _ in [("perplexity", perplexityTable())] },
      cloze.map { [("cloze", $0.table()), ("cloze_differences", $0.differencesTable())] },
      choices.map { [("choices", $0.table()), ("choice_differences", $0.differencesTable())] },
    ]
    let ofClasses = [
      ("groups", groupsTable()), ("gaps", gapsTable()), ("classes", classesTable()),
      ("calibration", calibrationTable()), ("reliability", reliabilityTable()),
      ("thresholds", thresholdsTable()), ("threshold_sweep", thresholdSweepTable()),
    ]
    let found = ofTexts.compactMap(\.self).flatMap(\.self)
    let evaluation =
      found + (fairness.arms.isEmpty && !found.isEmpty ? [] : ofClasses) + compared + furtherTestTables()
    guard !isOfPredictions else { return evaluation + (costs.isEmpty ? [] : [("costs", costsTable())]) }
    return evaluation + [
      ("privacy", privacyFigures.privacyTable()), ("roc", privacyFigures.attackCurvesTable()),
      ("vulnerability", privacyFigures.disparitiesTable()),
      ("vulnerability_differences", privacyFigures.comparisonsTable()), ("costs", costsTable()),
      ("losses", lossesTable()),
    ]
  }
}

package import Metrics
package import Report
import Support

/// The whole evaluation of external models, from their predictions.
package struct PredictionsEvaluation: Sendable {
  private let settings: Settings
  private let items: EvaluationItems
  private var arms: [ArmPredictions]
  private var validation: ValidationPredictions?
  private let pooled: [Subgroup]
  private let content: ContentHash
  private let table: PredictionsTable
  /// Arms that are shown and not compared, because their predictions cannot differ.
  private var uncompared: Set<String> = []

  /// The files, and how to read them.
  package struct Settings: Sendable {
    package var files: [String]
    package var groups: [String]
    /// Columns that are combined, two or three each.
    package var intersections: [[String]]
    /// The class counted as positive; nil for the second of two in the sorted order of their names.
    package var positive: String?
    /// The arm that the others are compared with; nil for `full` where there is one.
    package var reference: String?
    package var rule: DecisionRule
    package var name: String

    package init(
      files: [String], groups: [String], intersections: [[String]] = [], positive: String? = nil,
      reference: String? = nil, rule: DecisionRule, name: String
    ) {
      self.files = files
      self.groups = groups
      self.intersections = intersections
      self.positive = positive
      self.reference = reference
      self.rule = rule
      self.name = name
    }
  }

  /// Reads and checks everything.
  ///
  /// - Throws: `PredictionsError` or the error of the CSV, naming file, line and item.
  package init(_ settings: Settings) throws {
    try self.init(settings, table: PredictionsTable(files: settings.files, groups: settings.groups))
  }

  /// Evaluates rows that were read before, with the settings' groups.
  ///
  /// - Throws: `PredictionsError`, naming file, line and item.
  package init(_ settings: Settings, table: PredictionsTable) throws {
    self.settings = settings
    let file = settings.files.first ?? ""
    try table.requireSeparateSplits()
    try table.requireDistinctGroups(settings.groups, combining: settings.intersections)
    let collected = try CollectedRuns(table.part(isValidation: false))
    guard !collected.items.isEmpty else { throw PredictionsError(file, "there are no items of the test split") }
    func columns(_ rows: [PredictionsTable.Row], minimumSize: Int) -> GroupColumns {
      GroupColumns(
        names: settings.groups, cells: settings.groups.indices.map { column in rows.map { $0.groups[column] } },
        minimumSize: minimumSize)
    }
    let (groups, pooled) = try columns(collected.items, minimumSize: settings.rule.minimumGroupSize)
      .groups(combining: settings.intersections, file: file)
    let forValidation = try CollectedRuns(table.part(isValidation: true))
    let own = try columns(forValidation.items, minimumSize: 0).groups(combining: settings.intersections, file: file)
    validation = try Self.validation(
      forValidation, groups: groups.named(among: own.groups, pooled: pooled), like: collected.arms, file: file)
    let positive = try Self.positiveClass(settings.positive, of: table.classNames, file: file)
    items = EvaluationItems(
      identifiers: collected.items.map(\.item), labels: collected.items.compactMap(\.label),
      classNames: table.classNames, clusters: collected.clusters, groups: groups, positiveClass: positive)
    arms = collected.arms
    self.pooled = pooled
    content = ContentHash(of: table.digestible)
    self.table = table
    if let reference = settings.reference, !arms.contains(where: { $0.arm == reference }) {
      throw PredictionsError(
        file, "the reference \(reference) is not an arm of the predictions; expected one of \(arms.map(\.arm).listed)")
    }
  }

  /// Evaluates labelled rows and groups that were read before.
  ///
  /// - Parameter groups: with members as positions among the table's items, in the order in which they first come.
  /// - Throws: `PredictionsError` as above.
  package init(_ settings: Settings, table: PredictionsTable, groups: [Subgroup]) throws {
    self.settings = settings
    let collected = try CollectedRuns(table)
    items = EvaluationItems(
      identifiers: collected.items.map(\.item), labels: collected.items.compactMap(\.label),
      classNames: table.classNames, clusters: collected.clusters, groups: groups,
      positiveClass: try Self.positiveClass(settings.positive, of: table.classNames, file: settings.files.first ?? ""))
    arms = collected.arms
    validation = nil
    pooled = []
    content = ContentHash(of: table.digestible)
    self.table = table
  }

  /// Adds an arm that is derived from another one without training.
  ///
  /// - Parameters:
  ///   - isCompared: false for an arm with the same predictions: its differences are 0 without a test.
  ///   - derive: Makes the predictions from the items and the arm's predictions for test and validation items; nil
  ///     where
  ///     that is not possible.
  /// - Returns: whether it was added.
  package mutating func add(
    _ name: String, from arm: String, isCompared: Bool = true,
    derive: (EvaluationItems, ArmPredictions, ArmPredictions, ValidationPredictions) -> (
      test: ArmPredictions, validation: ArmPredictions
    )?
  ) -> Bool {
    guard let validation, let test = arms.first(where: { $0.arm == arm }),
      let own = validation.arms.first(where: { $0.arm == arm }),
      var derived = derive(items, test, own, validation)
    else { return false }
    (derived.test.arm, derived.validation.arm) = (name, name)
    arms.append(derived.test)
    if !isCompared { uncompared.insert(name) }
    self.validation?.arms.append(derived.validation)
    return true
  }

  /// What was evaluated, a table an arm, in the form in which an audit writes its own predictions.
  package func predictionFiles() -> [ReportFile] {
    arms.map {
      ReportFile(
        path: "predictions/\($0.arm.predictionsFile)", bytes: table.bytes(ofArm: $0.arm, groups: settings.groups))
    }
  }

  /// Evaluates, and puts the report together.
  ///
  /// - Parameter declaredGroup: The only group that comparisons are about; `nil` for every group.
  package func report(declaredGroup: GroupName? = nil) throws(EvaluationError) -> AuditReport {
    let reference = settings.reference ?? (arms.contains { $0.arm == "full" } ? "full" : nil)
    let comparisons = reference.map { reference in
      arms.map(\.arm).filter { $0 != reference && !uncompared.contains($0) }
        .map { ArmComparison(arm: $0, reference: reference) }
    }
    // Drawn from what is evaluated only, so that the same predictions give the same bytes.
    let fairness = try FairnessEvaluation.evaluate(
      items: items, arms: arms, comparisons: comparisons ?? [], exploratory: exploratoryComparisons(but: reference),
      declaredGroup: declaredGroup, rule: settings.rule, validation: validation,
      key: RandomKey(seed: 0)[.evaluate][content.description])
    var report = AuditReport(
      name: settings.name, task: "classification", planHash: content.description, planVersion: 0,
      classNames: items.classNames, positiveClass: items.positiveClass.map { items.classNames[$0] },
      counts: ItemCounts(
        items: items.count + (validation?.labels.count ?? 0), train: 0, validation: validation?.labels.count ?? 0,
        test: items.count),
      seeds: Set(arms.flatMap { $0.runs.compactMap(\.seed) }).sorted(), groups: items.groups,
      arms: arms.map {
        ArmDescription(name: $0.arm, kind: .external, trainableParameters: 0, epochs: nil, rate: nil)
      },
      fairness: fairness, ratesWereFixed: false,
      clusterColumn: table.rows.allSatisfy(\.cluster.isEmpty) ? nil : "cluster",
      pooledGroups: pooled.map(Results.GroupCount.init))
    report.inputNotes = table.notes
    return report
  }

  /// Every other arm with the arm `head` or, without one, `base`, unless that is the reference.
  private func exploratoryComparisons(but reference: String?) -> [ArmComparison] {
    let names = arms.map(\.arm)
    guard let untrained = ["head", "base"].first(where: names.contains), untrained != reference else { return [] }
    return names.filter { $0 != untrained }.map { ArmComparison(arm: $0, reference: untrained) }
  }

  /// The same runs on validation items; nil without such items.
  private static func validation(
    _ collected: CollectedRuns, groups: [Subgroup], like arms: [ArmPredictions], file: String
  ) throws(PredictionsError) -> ValidationPredictions? {
    guard !collected.items.isEmpty else { return nil }
    var ordered: [ArmPredictions] = []
    for arm in arms {
      var runs: [RunPredictions] = []
      for run in arm.runs {
        guard
          let found = collected.arms.first(where: { $0.arm == arm.arm })?.runs.first(where: { $0.seed == run.seed })
        else {
          throw PredictionsError(
            file, "arm \(arm.arm)\(run.seed.map { ", seed \($0)" } ?? "") has no predictions for the validation items")
        }
        runs.append(found)
      }
      ordered.append(ArmPredictions(arm: arm.arm, runs: runs))
    }
    return ValidationPredictions(labels: collected.items.compactMap(\.label), arms: ordered, groups: groups)
  }

  private static func positiveClass(
    _ named: String?, of classes: [String], file: String
  ) throws(PredictionsError) -> Int? {
    guard let named else { return classes.count == 2 ? 1 : nil }
    guard let index = classes.firstIndex(of: named) else {
      throw PredictionsError(file, line: 1, "there is no class \(named); expected one of \(classes.listed)")
    }
    return index
  }
}

/// Rows grouped into runs over the same items.
package struct CollectedRuns: Sendable {
  /// The first row of every item, in the order in which they come.
  package let items: [PredictionsTable.Row]
  /// The number of every item's cluster.
  package let clusters: [Int]
  package let arms: [ArmPredictions]

  /// - Throws: `PredictionsError` if a run has an item twice, or not, or rows of one item contradict each other.
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
          row.file, line: row.line, "item \(row.item) occurs twice in \(run); expected each item once per run")
      }
    }
    var arms: [ArmPredictions] = []
    for run in order {
      let rows = runs[run]?.rows ?? []
      if let missing = items.indices.first(where: { $0 >= rows.count || rows[$0] < 0 }) {
        throw PredictionsError(
          items[missing].file,
          "\(run) has no prediction for item \(items[missing].item); expected all runs to hold the same items")
      }
      let values = rows.flatMap { table.outputs(row: $0) }
      let logits =
        table.holdsProbabilities
        ? try Logits(probabilities: values, count: items.count, classes: classes)
        : try Logits(values: values, count: items.count, classes: classes)
      let predictions = RunPredictions(seed: run.seed, logits: logits)
      if let index = arms.firstIndex(where: { $0.arm == run.arm }) {
        arms[index].runs.append(predictions)
      } else {
        arms.append(ArmPredictions(arm: run.arm, runs: [predictions]))
      }
    }
    // By seed, so that the order of rows changes no list of runs.
    for arm in arms.indices { arms[arm].runs.sort { $0.seed ?? .min < $1.seed ?? .min } }
    self.items = items
    self.arms = arms
    clusters = items.clusterNumbers
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
  /// Everything that determines the evaluation, to be hashed: the same for any order of rows and files.
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

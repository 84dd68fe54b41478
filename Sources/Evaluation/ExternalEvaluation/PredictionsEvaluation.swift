package import Metrics
package import Report
internal import Support

/// The whole evaluation of models that Tenbin never saw, from what they say about items.
package struct PredictionsEvaluation: Sendable {
  private let settings: Settings
  private let items: EvaluationItems
  private var arms: [ArmPredictions]
  private var validation: ValidationPredictions?
  private let pooled: [Subgroup]
  private let content: ContentHash
  private let table: PredictionsTable
  /// Arms that are shown and not compared, because no prediction of theirs can differ.
  private var uncompared: Set<String> = []

  /// What a user says about the files.
  package struct Settings: Sendable {
    package var files: [String]
    package var groups: [String]
    /// Columns that are combined, two or three each.
    package var intersections: [[String]]
    /// The class counted as positive; nil for the second of two.
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

  /// Of rows that were read before, with the settings' groups.
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
        file, "the reference \(reference) is no arm of the predictions; expected one of \(arms.map(\.arm).listed)")
    }
  }

  /// Of labelled rows that were read before, and of groups that were agreed before.
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

  /// Adds an arm that another one becomes without training.
  ///
  /// - Parameters:
  ///   - isCompared: false for what changes no prediction: its differences are 0, and no test need say so.
  ///   - derive: given the items, what the arm says about them, and about validation items; nil where it cannot be.
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
  package func report() throws(EvaluationError) -> AuditReport {
    let reference = settings.reference ?? (arms.contains { $0.arm == "full" } ? "full" : nil)
    let comparisons = reference.map { reference in
      arms.map(\.arm).filter { $0 != reference && !uncompared.contains($0) }
        .map { ArmComparison(arm: $0, reference: reference) }
    }
    // Drawn from what is evaluated alone, so that the same predictions give the same bytes.
    let fairness = try FairnessEvaluation.evaluate(
      items: items, arms: arms, comparisons: comparisons ?? [], exploratory: exploratoryComparisons(but: reference),
      rule: settings.rule,
      validation: validation, key: RandomKey(seed: 0)[.evaluate][content.description])
    return AuditReport(
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
            file, "arm \(arm.arm)\(run.seed.map { ", seed \($0)" } ?? "") says nothing about the validation items")
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

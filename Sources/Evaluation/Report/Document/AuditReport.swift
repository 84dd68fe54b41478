package import MembershipInference
package import Metrics

/// Everything that a report is made of: what was planned, what was found and what it cost.
///
/// All outputs are pure functions of this value, so that the same audit gives the same bytes.
package struct AuditReport: Sendable {
  package var name: String
  package var task: String
  /// The hash of everything that determines the results, in hexadecimal digits.
  package var planHash: String
  package var planVersion: Int
  package var classNames: [String]
  /// `nil` when no class is declared positive.
  package var positiveClass: String?
  package var counts: ItemCounts
  package var seeds: [Int]
  /// The models' precision, as the specification names it.
  package var precision: String
  /// The groups of the test items.
  package var groups: [Subgroup]
  package var arms: [ArmDescription]
  package var fairness: FairnessEvaluation
  /// How likely language models find the test items; nil in another task.
  package internal(set) var likelihoods: LikelihoodEvaluation?
  /// How good translations of the test items are; nil in another task.
  package internal(set) var translation: TranslationEvaluation?
  /// The models' choices among options; nil in another task.
  package internal(set) var choices: ChoiceEvaluation?
  /// The words that models would put into frames; nil in another task.
  package var cloze: ClozeEvaluation?
  /// How the same models do on other data.
  package var furtherTests: [FurtherTest] = []
  /// Notes on single items.
  package var dataNotes: [DataNote] = []
  /// How the files were read where that was not a matter of course, in a sentence each.
  package var inputNotes: [String] = []
  /// Keeps the marks of footnotes apart from those of another test's tables.
  var footnotePrefix = ""
  /// Empty when membership inference was not measured.
  package var privacy: [PrivacyEvaluation]
  /// The rule about vulnerability that was fixed before the run; nil if no arms are compared by it.
  package var privacyRule: PrivacyRule?
  /// By attack, figure and group, over all items first.
  package var privacyComparisons: [PrivacyComparison]
  /// How many shadow models of each arm were trained; empty if there was no interim analysis.
  package var interimAnalyses: [InterimAnalysisOutcome]
  /// Shadow models of each arm.
  package var shadowModels: Int
  /// Items that the shadow models are trained on and attacked with.
  package var poolItems: Int
  /// How many of them a released model was trained on; 0 if none is attacked.
  package var poolMembers = 0
  /// Items that each shadow model of a released model is trained on; nil in another design.
  package var shadowItems: Int?
  /// How often each image was shown to an attacked model: as it is, then mirrored.
  package var queries = 1
  /// The share of training images that were mirrored.
  package var flipProbability = 0.0
  package var losses: [RunLosses]
  /// Whether learning rates and epochs were chosen by hand, not searched for on validation items.
  package var ratesWereFixed: Bool
  /// How they were searched for; nil if they were not.
  package var search: SettingsSearch?
  package var costs: [PhaseCost]
  /// Worker processes of this execution, for the costs only: results do not depend on it.
  package var workers: Int
  /// Empty unless the specification allows items to be shown.
  package var samples: [SampleImage]
  /// The verdict on the policy that was fixed before the run; nil if there was none.
  package var gate: GateOutcome?
  /// The column that says which items belong together; nil if items are not clustered.
  package var clusterColumn: String?
  /// Set where the report compares remedies for an arm.
  package var remedies: RemedyFindings?
  /// Groups too small to be evaluated alone, which are pooled.
  package var pooledGroups: [Results.GroupCount]

  package init(
    name: String, task: String, planHash: String, planVersion: Int, classNames: [String], positiveClass: String?,
    counts: ItemCounts, seeds: [Int], precision: String = "fp32", groups: [Subgroup], arms: [ArmDescription],
    fairness: FairnessEvaluation,
    privacy: [PrivacyEvaluation] = [], shadowModels: Int = 0, poolItems: Int = 0, losses: [RunLosses] = [],
    ratesWereFixed: Bool, search: SettingsSearch? = nil, costs: [PhaseCost] = [], workers: Int = 0,
    samples: [SampleImage] = [], clusterColumn: String? = nil,
    pooledGroups: [Results.GroupCount] = [], privacyRule: PrivacyRule? = nil,
    privacyComparisons: [PrivacyComparison] = [],
    interimAnalyses: [InterimAnalysisOutcome] = [], shadowItems: Int? = nil
  ) {
    self.name = name
    self.task = task
    self.planHash = planHash
    self.planVersion = planVersion
    self.classNames = classNames
    self.positiveClass = positiveClass
    self.counts = counts
    self.seeds = seeds
    self.precision = precision
    self.groups = groups
    self.arms = arms
    self.fairness = fairness
    self.privacy = privacy
    self.shadowModels = shadowModels
    self.poolItems = poolItems
    self.losses = losses
    self.ratesWereFixed = ratesWereFixed
    self.search = search
    self.costs = costs
    self.workers = workers
    self.samples = samples
    self.clusterColumn = clusterColumn
    self.pooledGroups = pooledGroups
    self.privacyRule = privacyRule
    self.privacyComparisons = privacyComparisons
    self.interimAnalyses = interimAnalyses
    self.shadowItems = shadowItems
    gate = nil
  }

  /// Judges the results by a policy that was fixed before the run.
  package mutating func judge(_ policy: Policy) {
    gate = GateOutcome(policy: policy, results: results, isChosenAfterwards: false)
  }
}

/// How many items the manifest has and each split holds.
package struct ItemCounts: Codable, Equatable, Sendable {
  package var items: Int
  package var train: Int
  package var validation: Int
  package var test: Int

  private enum CodingKeys: String, CodingKey {
    case items = "total"
    case train, validation, test
  }

  package init(items: Int, train: Int, validation: Int, test: Int) {
    self.items = items
    self.train = train
    self.validation = validation
    self.test = test
  }
}

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

  /// The most exposed items by name: a file of its own, only for those who may know them. Not among `files()`.
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
      ("groups", groupsTable()), ("ties", tiesTable()), ("gaps", gapsTable()), ("classes", classesTable()),
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
      ("losses", lossesTable()), ("validation_losses", validationLossesTable()),
    ]
  }
}

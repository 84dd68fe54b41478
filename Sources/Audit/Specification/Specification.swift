package import MembershipInference
package import Planning
package import Report

/// What to audit and how: the contents of one specification file, checked and with every default filled in.
package struct Specification: Sendable, Equatable {
  package var name: String
  /// The Hugging Face checkpoint folder, relative to the specification's own folder.
  package var base: String
  package var task: Task
  package var data: DataSettings
  package var arms: [Arm]
  package var training: TrainingSettings
  package var seeds: [Int]
  /// What is tried for each arm before the audit; nil where rates and epochs are fixed by hand.
  package var search: SearchSettings?
  package var privacy: PrivacySettings?
  package var decision: DecisionSettings
  /// What must hold before release; nil where nothing was agreed.
  package var policy: Policy?
  package var report: ReportSettings
  package var cluster: ClusterSettings
  /// Where each key stands in the file, for what turns out to be wrong later.
  package var places: SpecificationPlaces

  /// What the model is adapted to do.
  package enum Task: String, Sendable, CaseIterable {
    case imageClassification = "image-classification"
    case textClassification = "text-classification"
    case languageModelling = "language-modelling"
    case translation
    case multipleChoice = "multiple-choice"
    case cloze
  }
}

/// Which items there are, what is known of them, and which of them are trained on.
package struct DataSettings: Sendable, Equatable {
  /// A CSV or JSON Lines file, relative to the specification's own folder; of faces, a folder.
  package var manifest: String
  /// Whether the manifest is a folder of photographs whose names say age, gender and race, as UTKFace is released.
  package var isFacesFolder = false
  /// The column that names each item's file, where items are images.
  package var path: String
  /// The column that holds each item's text, where they are texts.
  package var text: String
  /// The column that names each text; nil for the line that it is on.
  package var name: String?
  /// Tokens after which a text is cut; nil for as many as the model takes.
  package var tokens: Int?
  /// The column to be predicted; nil where items are not classified.
  package var label: String?
  /// Of translations.
  package var translation: TranslationSettings?
  /// Of questions with options.
  package var choices: ChoiceSettings?
  /// Texts that arms are trained on before they are asked; nil where the base alone is asked, and in a task whose items are
  /// trained on themselves.
  package var corpus: CorpusSettings?
  /// The labels in the order of the logits; nil for the sorted set that the manifest holds.
  package var classes: [String]?
  /// The label counted as positive where there are two; nil for the second of them.
  package var positive: String?
  package var groups: [GroupSettings]
  /// Columns of groups that are combined, two or three each.
  package var combinations: [[String]]
  /// The column whose equal values must stay on one side of every split; nil where items stand alone.
  package var cluster: String?
  package var split: SplitSettings
  /// Further files that the same models are tested on.
  package var furtherTests: [FurtherTestSettings] = []
}

/// What is translated into what.
package struct TranslationSettings: Sendable, Equatable {
  /// The column of the translation that is learned.
  package var target: String
  /// Columns of the translations that are right besides the target.
  package var references: [String]
  /// What comes before the translation, with `{source}` where the text stands.
  package var prompt: String
  /// The most tokens of a translation that is made.
  package var generated: Int
  /// The column that says which gender an occupation is stereotyped as, and the one that says which the sentence means.
  package var stereotype: String?
  package var gold: String?

  package static let slot = "{source}"
}

/// One grouping of the items: a column of group names, or several boolean columns, one a tag.
package struct GroupSettings: Sendable, Equatable {
  package var name: String
  /// The boolean columns; nil where `name` is itself a column of group names.
  package var tags: [String]?
}

/// Whether and how membership inference is measured.
package struct PrivacySettings: Sendable, Equatable {
  /// The models that are trained for it; their analyses are those of `early`.
  package var shadowModels: ShadowModelSettings
  package var attacks: [Attack]
  /// The attacks of single arms, by the arm's name.
  package var attacksByArm: [String: [Attack]] = [:]
  /// When an arm's shadow models may be left unfinished; nil where every model is trained.
  package var early: EarlyAnswerSettings?

  package func attacks(of arm: String) -> [Attack] { attacksByArm[arm] ?? attacks }

  /// Whether an arm's models are evaluated after every epoch.
  package func traces(_ arm: String) -> Bool { attacks(of: arm).contains(.lossTrace) }
}

/// When the first shadow models of an arm are enough: interim analyses at fixed numbers of models, in the plan's order,
/// that share the error rate.
package struct EarlyAnswerSettings: Sendable, Equatable {
  /// What all analyses together may err, two-sided.
  package var alpha: Double
  package var spending: AlphaSpending
  /// What the area under the curve of the arm's first attack must come to.
  package var goal: LookGoal
  /// Whether every group that is large enough for a verdict must come to it too.
  package var includesGroups: Bool
}

/// The question that is put before the run.
package struct DecisionSettings: Sendable, Equatable {
  package var metric: Metric
  /// How much worse than `full` an arm may be in a group, as a share.
  package var margin: Double
  /// Groups with fewer test items get no verdict.
  package var minimumGroup: Int

  package enum Metric: String, Sendable, CaseIterable {
    case accuracy
  }
}

/// What the report may show.
package struct ReportSettings: Sendable, Equatable {
  /// How many test images a group are embedded in the report; none unless the specification says so.
  package var samples: Int
}

/// How the audit is spread over workers; only `threads` reaches the results.
package struct ClusterSettings: Sendable, Equatable {
  package var workers: Int
  /// Threads a worker; part of the plan because the last bits of a matrix product depend on it.
  package var threads: Int
  /// The share of work that two workers compute, to be compared bit for bit.
  package var duplicates: Double
  /// Parameters of a run from which on reducers, where there are any, hold them in slices.
  package var slicesFrom: Int
  /// GiB of a host's disk that may hold what models compute below everything that is trained; no result depends on it.
  package var stateCache: Int
}

extension Specification.Task {
  /// Whether items are texts, read by a model of text.
  package var isText: Bool {
    switch self {
    case .imageClassification: false
    case .textClassification, .languageModelling, .translation, .multipleChoice, .cloze: true
    }
  }

  /// Whether items are only asked, with answers that are scored, and what is trained on are texts of another file.
  package var isAsked: Bool {
    switch self {
    case .multipleChoice, .cloze: true
    case .imageClassification, .textClassification, .languageModelling, .translation: false
    }
  }

  /// Whether items have labels, of which the model tells the classes apart with a new head.
  package var isClassification: Bool {
    switch self {
    case .imageClassification, .textClassification: true
    case .languageModelling, .translation, .multipleChoice, .cloze: false
    }
  }
}

package import MembershipInference
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

/// How items are divided into training, validation and test.
package enum SplitSettings: Sendable, Equatable {
  /// Fractions that sum to one, drawn with `seed`, alike in every combination of the `stratify` columns.
  case fractions(train: Double, validation: Double, test: Double, seed: Int, stratify: [String])
  /// A column that says `train`, `validation` or `test`.
  case column(String)
  /// What is trained on and what is tested are files of their own.
  case byFile
}

/// A way of adapting the base.
package enum Arm: Hashable, Sendable {
  /// The frozen base with a newly trained head.
  case base
  case lora(LoRASettings)
  /// All weights.
  case full
  /// The base as it is, of a task that needs no new head.
  case untouched
  /// An adapter that was trained elsewhere, evaluated as it is.
  case adapter(AdapterSettings)

  /// The name in reports, folders and results.
  package var name: String {
    switch self {
    case .base: "base"
    case .lora(let settings): settings.name
    case .full: "full"
    case .untouched: "base"
    case .adapter(let settings): settings.name
    }
  }

  /// Whether the audit trains it, and so has seeds and a fleet of shadow models for it.
  package var isTrained: Bool {
    switch self {
    case .adapter, .untouched: false
    case .base, .lora, .full: true
    }
  }
}

/// Somebody's PEFT folder.
package struct AdapterSettings: Hashable, Sendable {
  /// The folder, relative to the specification's own.
  package var path: String
  package var name: String

  package init(path: String, name: String) {
    self.path = path
    self.name = name
  }
}

/// The shape of a low-rank adaptation (Hu et al. 2021).
package struct LoRASettings: Hashable, Sendable {
  package var rank: Int
  /// The update is scaled by `alpha / rank`, or by `alpha / √rank` where it is rank-stabilized.
  package var alpha: Double
  /// Linear layers by name, for example `query`, `value`.
  package var targets: [String]
  package var layers: Layers
  /// The share of the inputs of A that training drops, in [0, 1).
  package var dropout: Double
  /// Scaled after Kalajdzievski 2023.
  package var isRankStabilized: Bool
  package var name: String

  /// The transformer blocks that are adapted.
  package enum Layers: Hashable, Sendable {
    case all
    case first(Int)
    case last(Int)
    case listed([Int])
  }
}

/// How every run is trained.
package struct TrainingSettings: Sendable, Equatable {
  /// Samples a step.
  package var batch: Int
  /// Samples a unit of work; `batch` is cut into these.
  package var microbatch: Int
  /// How a step's items are put together to micro-batches.
  package var composition: Composition = .drawn
  package var precision: Precision
  package var weightDecay: Double
  /// The share of steps over which the rate climbs to its peak.
  package var warmup: Double
  /// The largest norm of a gradient; nil for none.
  package var clip: Double?
  /// The share of training images that are mirrored, left and right, each epoch others; 0 for none.
  package var mirroredShare: Double = 0
  package var base: MethodSettings
  package var lora: MethodSettings
  package var full: MethodSettings
  /// Groups whose training items count several times.
  package var emphasis: [Emphasis] = []
  /// What a search has chosen, by the arm's name.
  package var chosen: [String: MethodSettings] = [:]

  package enum Composition: String, Sendable, CaseIterable {
    /// As the epoch's order has them.
    case drawn
    /// Items of similar length together, so that little is padded.
    case byLength = "by-length"
  }

  /// What models compute in; trained parameters, gradients and their sums are 32-bit floats always.
  package enum Precision: String, Sendable, CaseIterable {
    case float32 = "fp32"
    case bfloat16 = "bf16"
  }

  /// The settings of the method that `arm` adapts by; nil for one that is not trained.
  package func method(of arm: Arm) -> MethodSettings? {
    switch arm {
    case .base: chosen[arm.name] ?? base
    case .lora: chosen[arm.name] ?? lora
    case .full: chosen[arm.name] ?? full
    case .adapter, .untouched: nil
    }
  }
}

/// A grid that is tried for every arm, on seeds of its own, and judged on the validation items.
package struct SearchSettings: Sendable, Equatable {
  /// What is tried of each method, in the order in which ties are decided.
  package var base: [MethodSettings]
  package var lora: [MethodSettings]
  package var full: [MethodSettings]
  package var seeds: [Int]

  /// Empty for an arm that is not trained.
  package func candidates(of arm: Arm) -> [MethodSettings] {
    switch arm {
    case .base: base
    case .lora: lora
    case .full: full
    case .adapter, .untouched: []
    }
  }
}

/// A group whose items every epoch of training sees several times: more weight for it, in whole numbers.
package struct Emphasis: Sendable, Equatable {
  package var column: String
  package var value: String
  /// How often an epoch sees each of them; an item of several such groups counts with the largest number.
  package var repetitions: Int

  package init(column: String, value: String, repetitions: Int) {
    (self.column, self.value, self.repetitions) = (column, value, repetitions)
  }
}

/// What may differ between methods.
package struct MethodSettings: Sendable, Equatable {
  /// The peak of the learning rate.
  package var rate: Double
  package var epochs: Int

  package init(rate: Double, epochs: Int) {
    self.rate = rate
    self.epochs = epochs
  }
}

/// Whether and how membership inference is measured.
package struct PrivacySettings: Sendable, Equatable {
  /// Models a fleet; even, because they come in complementary pairs.
  package var models: Int
  package var design: Design = .symmetric
  /// Items that the fleet is attacked for: of the symmetric design, those that it is trained on, taken from the training
  /// split; of a released model half members, and half from the test split.
  package var pool: Int
  /// How many models of an arm that trains few weights are computed at once; part of the plan because a matrix product's
  /// last bits depend on its rows.
  package var packed: Int
  /// How often every image is shown to an attacked model, members and others alike: once, or twice, then mirrored.
  package var queries: Int
  package var attacks: [Attack]
  /// When a fleet may be left unfinished; nil where every model is trained.
  package var early: EarlyAnswerSettings?
  /// What is otherwise for an arm, by its name.
  package var byArm: [String: Exception]

  /// Who attacks whom.
  package enum Design: Sendable, Equatable {
    /// Every model of a fleet is attacked once by the others.
    case symmetric
    /// The model of the first seed is attacked by shadow models that never saw the audited items, trained on
    /// `shadowItems` items, or on as many as it where nothing else is named.
    case released(shadowItems: Int?)
  }

  package struct Exception: Sendable, Equatable {
    package var models: Int?
    package var attacks: [Attack]?
  }

  /// Models of an arm's fleet: the first ones of the largest.
  package func models(of arm: Arm) -> Int { byArm[arm.name]?.models ?? models }

  package func attacks(of arm: String) -> [Attack] { byArm[arm]?.attacks ?? attacks }

  /// The sizes at which an arm's fleet is looked at, ascending; the last is the whole fleet.
  package func looks(of arm: Arm) -> [Int] { (early?.looks ?? []) + [models(of: arm)] }

  /// The most models that an arm has.
  package var mostModels: Int { max(models, byArm.values.compactMap(\.models).max() ?? 0) }
}

/// When the first models of a fleet are enough: looks at fixed sizes, in the plan's order, that share the error rate.
package struct EarlyAnswerSettings: Sendable, Equatable {
  /// Models after which a fleet is looked at, ascending; the whole fleet is looked at besides.
  package var looks: [Int]
  /// What all looks together may err, two-sided.
  package var alpha: Double
  package var spending: AlphaSpending
  /// What the area under the curve of the arm's first attack must come to.
  package var goal: LookGoal
  /// Whether every group that is large enough for a verdict must come to it too.
  package var includesGroups: Bool

  /// The looks at a fleet of so many models.
  package func plan(models: Int) throws(LookPlanError) -> LookPlan {
    try LookPlan(models: looks + [models], alpha: alpha, spending: spending)
  }
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

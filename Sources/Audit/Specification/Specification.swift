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
  /// The hyperparameter search of each arm before the audit; nil if rates and epochs are fixed.
  package var search: SearchSettings?
  package var privacy: PrivacySettings?
  package var decision: DecisionSettings
  /// The acceptance criteria for release; nil if there are none.
  package var policy: Policy?
  package var report: ReportSettings
  package var cluster: ClusterSettings
  /// The line of each key, for errors that show later.
  package var locations: SpecificationLocations

  /// The task that the model is adapted to.
  package enum Task: String, Sendable, CaseIterable {
    case imageClassification = "image-classification"
    case textClassification = "text-classification"
    case languageModelling = "language-modelling"
    case translation
    case multipleChoice = "multiple-choice"
    case cloze
  }
}

/// The question, fixed before the run.
package struct DecisionSettings: Sendable, Equatable {
  package var metric: Metric
  /// How much worse than `full` an arm may be in a group, as a share.
  package var margin: Double
  /// Groups with fewer test items get no verdict.
  package var minimumGroup: Int
  /// Nor do groups with fewer clusters of them.
  package var minimumClusters: Int

  package enum Metric: String, Sendable, CaseIterable {
    case accuracy
  }
}

/// The settings of the report.
package struct ReportSettings: Sendable, Equatable {
  /// The number of test images per group that are embedded in the report; none by default.
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
  package var activationCache: Int
}

extension Specification.Task {
  /// Whether items are texts, read by a model of text.
  package var isText: Bool {
    switch self {
    case .imageClassification: false
    case .textClassification, .languageModelling, .translation, .multipleChoice, .cloze: true
    }
  }

  /// Whether items are prompts whose answers are scored; training texts then come from another file.
  package var isPrompted: Bool {
    switch self {
    case .multipleChoice, .cloze: true
    case .imageClassification, .textClassification, .languageModelling, .translation: false
    }
  }

  /// Whether items have labels, whose classes the model predicts with a new head.
  package var isClassification: Bool {
    switch self {
    case .imageClassification, .textClassification: true
    case .languageModelling, .translation, .multipleChoice, .cloze: false
    }
  }
}

extension Specification {
  /// Reads a specification from YAML.
  ///
  /// - Parameter file: the name that errors speak of.
  /// - Throws: `SpecificationError` with the line and the key for anything unknown, missing or out of range.
  package init(yaml text: String, file: String) throws(SpecificationError) {
    let whole = try YAMLValue.root(of: text, file: file)
    let root = try whole.mapping(.specification)
    let task = try root.required("task").choice(Task.self)
    let data = try DataSettings(root.required("data"), task: task)
    let arms = try Self.arms(root.required("arms"), task: task)
    let training =
      try root["training"] == nil && !arms.contains(where: \.isTrained)
      ? TrainingSettings(epochs: 0) : TrainingSettings(root.required("training"), task: task)
    let seeds = try Self.seeds(root["seeds"])
    self.init(
      name: try root.required("name").string(),
      base: try root.required("base").string(),
      task: task,
      data: data, arms: arms, training: training,
      seeds: seeds,
      search: try root["search"].map { (value) throws(SpecificationError) in
        try SearchSettings(value, training: training, seeds: seeds, split: data.split)
      },
      privacy: try root["privacy"].map { (value) throws(SpecificationError) in
        try PrivacySettings(value, arms: arms, task: task)
      },
      decision: try DecisionSettings(root["decision"]),
      policy: try root["policy"].map { (value) throws(SpecificationError) in try Policy(value) },
      report: try ReportSettings(root["report"], task: task),
      cluster: try ClusterSettings(root["cluster"]),
      locations: SpecificationLocations(of: whole))
    if let privacy = root["privacy"], !arms.contains(where: \.isTrained) {
      throw privacy.failure("needs an arm that is trained here, because shadow models are trained as their arm is")
    }
    try requireMeasuredTask(root)
    try requireTraceableEpochs(root)
    try requireMeetablePolicy()
  }

  /// Refuses loss traces of a single epoch.
  private func requireTraceableEpochs(_ root: YAMLMapping) throws(SpecificationError) {
    guard let value = root["privacy"], let privacy else { return }
    for arm in arms where arm.isTrained && privacy.traces(arm.name) {
      let settings = search?.candidates(of: arm) ?? [training.method(of: arm)].compactMap(\.self)
      guard let epochs = settings.map(\.epochs).min(), epochs < 2 else { continue }
      let source = search == nil ? "is trained for" : "may be trained, as search has it, for"
      throw (root["search"] ?? value).failure(
        "loss-trace needs two epochs or more, and arm \(arm.name) \(source) \(epochs); give it more, or attack it "
          + "otherwise in by_arm")
    }
  }

  /// Refuses keys about classes in a task that has none.
  private func requireMeasuredTask(_ root: YAMLMapping) throws(SpecificationError) {
    guard !task.isClassification else { return }
    for key in ["policy", "search"] {
      if let value = root[key] { throw value.failure("is about classes, but the task \(task.rawValue) has none") }
    }
    if task != .multipleChoice, let decision = root["decision"],
      let metric = try decision.mapping(.decision)["metric"]
    {
      throw metric.failure("is given by the task: ROUGE-L of translations, token probability of language models")
    }
    guard task.isPrompted else { return }
    if let value = root["privacy"] {
      throw value.failure(
        "prompted items are not trained on, so there is nothing to attack; attack the fine-tuning with the task "
          + "language-modelling")
    }
    if data.corpus == nil, let arm = arms.first(where: \.isTrained) {
      throw locations.failure(at: "arms", "\(arm.name) is trained, and there is no data.corpus of texts to train on")
    }
  }

  private static func arms(_ value: YAMLValue, task: Task) throws(SpecificationError) -> [Arm] {
    var arms: [Arm] = []
    for item in try value.sequence() {
      let arm = try Arm(item, task: task)
      guard !arms.contains(where: { $0.name == arm.name }) else {
        throw item.failure("two arms are called \"\(arm.name)\"; give one of them a name")
      }
      arms.append(arm)
    }
    return arms
  }

  private static func seeds(_ value: YAMLValue?) throws(SpecificationError) -> [Int] {
    try value?.seeds() ?? [13, 1337, 42, 666, 888]
  }
}

extension DecisionSettings {
  init(_ value: YAMLValue?) throws(SpecificationError) {
    let keys = try value?.mapping(.decision)
    metric = try keys?["metric"]?.choice(Metric.self) ?? .accuracy
    margin = try keys?["margin"]?.number(0.0001...1) ?? 0.03
    minimumGroup = try keys?["min_group"]?.integer(1...1_000_000_000) ?? 50
    minimumClusters =
      try keys?["min_clusters"]?.integer(1...1_000_000_000) ?? Policy.standardMinimumClusters
  }
}

extension ReportSettings {
  init(_ value: YAMLValue?, task: Specification.Task) throws(SpecificationError) {
    let samples = try value?.mapping(.report)["samples"]
    if let samples, task.isText { throw samples.failure("embeds images, but the task \(task.rawValue) has none") }
    self.samples = try samples?.integer(0...100) ?? 0
  }
}

extension ClusterSettings {
  init(_ value: YAMLValue?) throws(SpecificationError) {
    let keys = try value?.mapping(.cluster)
    workers = try keys?["workers"]?.integer(1...1_024) ?? 2
    threads = try keys?["threads"]?.integer(1...1_024) ?? 1
    duplicates = try keys?["duplicates"]?.number(0...1) ?? 0
    slicesFrom = try keys?["slices_from"]?.integer(1...1_000_000_000_000) ?? 1 << 20
    activationCache = try keys?["activation_cache"]?.integer(0...1 << 20) ?? 16
  }
}

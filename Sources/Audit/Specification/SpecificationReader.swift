internal import Planning
internal import Report

extension Specification {
  /// Reads a specification from YAML.
  ///
  /// - Parameter file: the name that errors speak of.
  /// - Throws: `SpecificationError` with the line and the key for anything unknown, missing or out of range.
  package init(yaml text: String, file: String) throws(SpecificationError) {
    let whole = try YAMLValue.root(of: text, file: file)
    let root = try whole.mapping([
      "name", "base", "task", "data", "arms", "training", "seeds", "search", "privacy", "decision", "policy", "report",
      "cluster",
    ])
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
      places: SpecificationPlaces(of: whole))
    if let privacy = root["privacy"], !arms.contains(where: \.isTrained) {
      throw privacy.failure("needs an arm that is trained here, because shadow models are trained as their arm is")
    }
    try requireMeasuredTask(root)
    try requireTraceableEpochs(root)
    try requireMeetablePolicy()
  }

  /// The range of a single loss is nothing.
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

  /// What is not measured of items without classes is not asked for.
  private func requireMeasuredTask(_ root: YAMLMapping) throws(SpecificationError) {
    guard !task.isClassification else { return }
    for key in ["policy", "search"] {
      if let value = root[key] { throw value.failure("speaks of classes, which the task \(task.rawValue) has none of") }
    }
    if task != .multipleChoice, let decision = root["decision"],
      let metric = try decision.mapping(["metric", "margin", "min_group"])["metric"]
    {
      throw metric.failure("is given by the task: ROUGE-L of translations, token probability of language models")
    }
    guard task.isAsked else { return }
    if let value = root["privacy"] {
      throw value.failure(
        "what is asked is not trained on, so that there is nothing to attack; attack the fine-tuning with the task "
          + "language-modelling")
    }
    if data.corpus == nil, let arm = arms.first(where: \.isTrained) {
      throw places.failure(at: "arms", "\(arm.name) is trained, and there is no data.corpus of texts to train on")
    }
  }

  private static func arms(_ value: YAMLValue, task: Task) throws(SpecificationError) -> [Arm] {
    var arms: [Arm] = []
    for item in try value.sequence() {
      var arm = try Arm(item)
      if arm == .base, !task.isClassification { arm = .untouched }
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

extension DataSettings {
  init(_ value: YAMLValue, task: Specification.Task) throws(SpecificationError) {
    let keys = try value.mapping([
      "manifest", "faces", "path", "text", "name", "tokens", "label", "source", "target", "references", "prompt",
      "generated",
      "stereotype", "gold", "form", "wordings", "corpus", "classes", "positive", "groups", "cluster", "split", "tests",
    ])
    if let faces = keys["faces"], task == .imageClassification {
      if let manifest = keys["manifest"] { throw manifest.failure("cannot stand beside data.faces") }
      manifest = try faces.string()
      isFacesFolder = true
      let label = try keys.required("label")
      guard ["gender", "age"].contains(try label.string()) else {
        throw label.failure("expected gender or age, which are in the names of a folder of faces")
      }
    } else {
      manifest = try keys.required("manifest").string()
    }
    for key in Self.foreignKeys(of: task) {
      if let other = keys[key] { throw other.failure("is no key of the task \(task.rawValue)") }
    }
    path = try keys["path"]?.string() ?? "path"
    if task == .translation {
      text = try keys.required("source").string()
      translation = TranslationSettings(
        target: try keys.required("target").string(), references: try keys["references"]?.strings() ?? [],
        prompt: try Self.prompt(keys.required("prompt")), generated: try keys["generated"]?.integer(1...4_096) ?? 64,
        stereotype: try keys["stereotype"]?.string(), gold: try keys["gold"]?.string())
    } else {
      text = try keys["text"]?.string() ?? "text"
    }
    name = try keys["name"]?.string()
    tokens = try keys["tokens"]?.integer(1...1 << 20)
    label = task.isClassification ? try keys.required("label").string() : nil
    classes = try keys["classes"]?.strings()
    if let classes, classes.count < 2 {
      throw try keys.required("classes").failure("expected two classes or more")
    }
    positive = try keys["positive"]?.string()
    // A language model may be trained on texts of which nothing else is known.
    let listed = try task == .languageModelling ? keys["groups"] : keys.required("groups")
    groups = try listed.map { (value) throws(SpecificationError) in try Self.groups(value) } ?? []
    combinations =
      try listed.map { [groups] (value) throws(SpecificationError) in try Self.combinations(value, of: groups) } ?? []
    cluster = try keys["cluster"]?.string()
    if task == .multipleChoice { choices = try ChoiceSettings(keys["wordings"], form: keys["form"]) }
    corpus = try keys["corpus"].map { (value) throws(SpecificationError) in try CorpusSettings(value) }
    split = task.isAsked ? .byFile : try SplitSettings(keys.required("split"))
    furtherTests = try FurtherTestSettings.list(keys["tests"], data: self)
  }

  private static func foreignKeys(of task: Specification.Task) -> [String] {
    let (classes, texts) = (["label", "classes", "positive", "tests"], ["text"])
    let wordings = ["form", "wordings"]
    let translations = ["source", "target", "references", "prompt", "generated", "stereotype", "gold"]
    let choices = wordings + ["corpus"]
    return switch task {
    case .imageClassification: texts + ["name", "tokens"] + translations + choices
    case .textClassification: ["path", "faces"] + translations + choices
    case .languageModelling: ["path", "faces"] + classes + translations + choices
    case .translation: ["path", "faces"] + classes + texts + choices
    case .multipleChoice: ["path", "faces"] + classes + texts + translations + ["name", "split"]
    case .cloze: ["path", "faces"] + classes + texts + translations + wordings + ["name", "split"]
    }
  }

  private static func prompt(_ value: YAMLValue) throws(SpecificationError) -> String {
    let prompt = try value.string()
    guard prompt.contains(TranslationSettings.slot) else {
      throw value.failure("has no \(TranslationSettings.slot), where the text to be translated stands")
    }
    let rest = prompt.replacing(TranslationSettings.slot, with: "", maxReplacements: 1)
    if let other = rest.firstMatch(of: /\{[a-z]+\}/) {
      throw value.failure("has \(other.output) besides; expected one \(TranslationSettings.slot) and no other slot")
    }
    return prompt
  }

  static func groups(_ value: YAMLValue) throws(SpecificationError) -> [GroupSettings] {
    var groups: [GroupSettings] = []
    for item in try value.sequence() {
      let group: GroupSettings
      if item.isMapping {
        let keys = try item.mapping(["name", "tags", "combine"])
        if keys["combine"] != nil { continue }
        group = GroupSettings(name: try keys.required("name").string(), tags: try keys.required("tags").strings())
      } else {
        group = GroupSettings(name: try item.string(), tags: nil)
      }
      guard !groups.contains(where: { $0.name == group.name }) else {
        throw item.failure("\"\(group.name)\" is listed twice")
      }
      groups.append(group)
    }
    guard !groups.isEmpty else { throw value.failure("expected a column of groups") }
    return groups
  }

  private static func combinations(
    _ value: YAMLValue, of groups: [GroupSettings]
  ) throws(SpecificationError) -> [[String]] {
    var combinations: [[String]] = []
    for item in try value.sequence() where item.isMapping {
      guard let combined = try item.mapping(["name", "tags", "combine"])["combine"] else { continue }
      let names = try combined.strings()
      guard (2...3).contains(names.count) else { throw combined.failure("expected two or three columns of groups") }
      for name in names {
        guard let group = groups.first(where: { $0.name == name }) else {
          throw combined.failure("\(name) is no column of groups")
        }
        guard group.tags == nil else {
          throw combined.failure("\(name) holds overlapping tags, which cannot be combined")
        }
      }
      guard !combinations.contains(names) else { throw combined.failure("is listed twice") }
      combinations.append(names)
    }
    return combinations
  }
}

extension SplitSettings {
  init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping(["column", "train", "validation", "test", "seed", "stratify"])
    if let column = keys["column"] {
      for name in ["train", "validation", "test", "seed", "stratify"] {
        if let other = keys[name] { throw other.failure("cannot stand beside split.column") }
      }
      self = .column(try column.string())
      return
    }
    let fractions = [
      try keys.required("train").number(0.01...0.98), try keys["validation"]?.number(0...0.9) ?? 0,
      try keys.required("test").number(0.01...0.98),
    ]
    guard abs(fractions[0] + fractions[1] + fractions[2] - 1) < 1e-9 else {
      throw value.failure(
        "train, validation and test must sum to 1, found \(fractions[0] + fractions[1] + fractions[2])")
    }
    self = .fractions(
      train: fractions[0], validation: fractions[1], test: fractions[2],
      seed: try keys["seed"]?.integer(0...Int(Int32.max)) ?? 13, stratify: try keys["stratify"]?.strings() ?? [])
  }
}

extension TrainingSettings {
  init(_ value: YAMLValue, task: Specification.Task) throws(SpecificationError) {
    let keys = try value.mapping([
      "epochs", "batch", "microbatch", "precision", "weight_decay", "warmup", "clip", "base", "lora", "full",
      "emphasis", "composition", "flip",
    ])
    let epochs = try keys.required("epochs").integer(1...100_000)
    self.init(epochs: epochs)
    batch = try keys["batch"]?.integer(1...65_536) ?? batch
    microbatch = try keys["microbatch"]?.integer(1...65_536) ?? Swift.min(microbatch, batch)
    guard batch % microbatch == 0 else {
      throw value.failure("batch (\(batch)) must be a multiple of microbatch (\(microbatch))")
    }
    if let composition = keys["composition"] {
      guard task.isText else { throw composition.failure("is no key of the task \(task.rawValue)") }
      self.composition = try composition.choice(Composition.self)
    }
    if let flip = keys["flip"] {
      guard task == .imageClassification else { throw flip.failure("is no key of the task \(task.rawValue)") }
      mirroredShare = try flip.number(0...1)
    }
    precision = try keys["precision"]?.choice(Precision.self) ?? precision
    weightDecay = try keys["weight_decay"]?.number(0...1) ?? weightDecay
    warmup = try keys["warmup"]?.number(0...1) ?? warmup
    clip = try keys["clip"]?.number(1e-6...1e6)
    lora = try lora.replaced(by: keys["lora"])
    full = try full.replaced(by: keys["full"])
    base = try base.replaced(by: keys["base"])
    for item in try keys["emphasis"]?.sequence() ?? [] {
      let emphasis = try Emphasis(item)
      guard !self.emphasis.contains(where: { $0.column == emphasis.column && $0.value == emphasis.value }) else {
        throw item.failure("\(emphasis.column)=\(emphasis.value) is listed twice")
      }
      self.emphasis.append(emphasis)
    }
  }
}

extension Emphasis {
  init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping(["group", "repeat"])
    let group = try keys.required("group")
    let text = try group.string()
    guard let sign = text.firstIndex(of: "="), sign > text.startIndex, text.index(after: sign) < text.endIndex else {
      throw group.failure("expected COLUMN=VALUE, found \"\(text)\"")
    }
    self.init(
      column: String(text[..<sign]), value: String(text[text.index(after: sign)...]),
      repetitions: try keys.required("repeat").integer(2...1_000))
  }
}

extension MethodSettings {
  fileprivate func replaced(by value: YAMLValue?) throws(SpecificationError) -> MethodSettings {
    let keys = try value?.mapping(["rate", "epochs"])
    return MethodSettings(
      rate: try keys?["rate"]?.number(1e-12...100) ?? rate,
      epochs: try keys?["epochs"]?.integer(1...100_000) ?? epochs)
  }
}

extension DecisionSettings {
  init(_ value: YAMLValue?) throws(SpecificationError) {
    let keys = try value?.mapping(["metric", "margin", "min_group"])
    metric = try keys?["metric"]?.choice(Metric.self) ?? .accuracy
    margin = try keys?["margin"]?.number(0.0001...1) ?? 0.03
    minimumGroup = try keys?["min_group"]?.integer(1...1_000_000_000) ?? 50
  }
}

extension ReportSettings {
  init(_ value: YAMLValue?, task: Specification.Task) throws(SpecificationError) {
    let samples = try value?.mapping(["samples"])["samples"]
    if let samples, task.isText { throw samples.failure("embeds images, which the task \(task.rawValue) has none of") }
    self.samples = try samples?.integer(0...100) ?? 0
  }
}

extension ClusterSettings {
  init(_ value: YAMLValue?) throws(SpecificationError) {
    let keys = try value?.mapping(["workers", "threads", "duplicates", "slices_from", "state_cache"])
    workers = try keys?["workers"]?.integer(1...1_024) ?? 2
    threads = try keys?["threads"]?.integer(1...1_024) ?? 1
    duplicates = try keys?["duplicates"]?.number(0...1) ?? 0
    slicesFrom = try keys?["slices_from"]?.integer(1...1_000_000_000_000) ?? 1 << 20
    stateCache = try keys?["state_cache"]?.integer(0...1 << 20) ?? 16
  }
}

extension YAMLValue {
  /// A list of distinct seeds.
  func seeds() throws(SpecificationError) -> [Int] {
    var seeds: [Int] = []
    for item in try sequence() {
      let seed = try item.integer(0...Int(Int32.max))
      guard !seeds.contains(seed) else { throw item.failure("the seed \(seed) is listed twice") }
      seeds.append(seed)
    }
    return seeds
  }

  /// A list of distinct texts.
  func strings() throws(SpecificationError) -> [String] {
    var texts: [String] = []
    for item in try sequence() {
      let text = try item.string()
      guard !texts.contains(text) else { throw item.failure("\"\(text)\" is listed twice") }
      texts.append(text)
    }
    return texts
  }
}

internal import Foundation
internal import Planning

extension Arm {
  init(_ value: YAMLValue, task: Specification.Task) throws(SpecificationError) {
    let untrained = task.isClassification ? "head" : "base"
    guard value.isMapping else {
      switch try value.string() {
      case untrained: self = task.isClassification ? .head : .base
      case "full": self = .full
      case "base": throw value.failure("the arm base is now called head: a new head on the frozen base")
      case "head":
        throw value.failure("the task \(task.rawValue) needs no new head; the untrained model is called base")
      default:
        throw value.failure(
          "expected \(untrained), full, lora: {rank: …, alpha: …, targets: […]} or adapter: a PEFT folder")
      }
      return
    }
    let keys = try value.mapping(.arm)
    switch (keys["lora"], keys["adapter"]) {
    case (let lora?, nil): self = .lora(try LoRASettings(lora))
    case (nil, let adapter?): self = .adapter(try AdapterSettings(adapter))
    default: throw value.failure("expected one of lora: {rank: …, alpha: …, targets: […]}, adapter: a PEFT folder")
    }
  }
}

extension LoRASettings {
  init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping(.lora)
    self.init(rank: try keys.required("rank").integer(1...65_536))
    alpha = try keys["alpha"]?.number(0.001...1e6) ?? alpha
    targets = try keys["targets"]?.strings() ?? targets
    layers = try Layers(keys["layers"])
    dropout = try keys["dropout"]?.number(0...1) ?? dropout
    if let given = keys["dropout"], dropout == 1 { throw given.failure("expected a number from 0 to below 1, found 1") }
    isRankStabilized = try keys["rank_stabilized"]?.boolean() ?? isRankStabilized
    name = try keys["name"]?.armName() ?? name
  }
}

extension LoRASettings.Layers {
  init(_ value: YAMLValue?) throws(SpecificationError) {
    guard let value else {
      self = .all
      return
    }
    if value.isSequence {
      var indices: [Int] = []
      for item in try value.sequence() {
        let index = try item.integer(0...10_000)
        guard !indices.contains(index) else { throw item.failure("the layer \(index) is listed twice") }
        indices.append(index)
      }
      self = .listed(indices.sorted())
    } else if value.isMapping {
      let keys = try value.mapping(.layers)
      switch (keys["first"], keys["last"]) {
      case (let first?, nil): self = .first(try first.integer(1...10_000))
      case (nil, let last?): self = .last(try last.integer(1...10_000))
      default: throw value.failure("expected one of first: N, last: N")
      }
    } else {
      guard try value.string() == "all" else {
        throw value.failure("expected all, {first: N}, {last: N} or a list of layer numbers from 0")
      }
      self = .all
    }
  }
}

extension AdapterSettings {
  /// A path alone, or a path and a name; without a name the arm is called as its folder is.
  init(_ value: YAMLValue) throws(SpecificationError) {
    var folder = value
    var given: YAMLValue?
    if value.isMapping {
      let keys = try value.mapping(.adapter)
      folder = try keys.required("path")
      given = keys["name"]
    }
    let path = try folder.string()
    let name =
      if let given { try given.armName() } else { try folder.armName(URL(filePath: path).lastPathComponent) }
    self.init(path: path, name: name)
  }
}

extension YAMLValue {
  /// The text here as the name of an arm.
  fileprivate func armName() throws(SpecificationError) -> String { try armName(string()) }

  /// `name`, which came from this value, if it can name an arm and its folder.
  fileprivate func armName(_ name: String) throws(SpecificationError) -> String {
    guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }), name.first != "."
    else {
      throw failure(
        "the name \"\(name)\" may hold ASCII letters, digits, '-', '_' and '.' only: it names a folder")
    }
    guard (1...64).contains(name.count) else {
      throw failure("the name \"\(name)\" is \(name.count) characters long; expected 1 to 64: it names a folder")
    }
    return name
  }
}

extension SplitSettings {
  init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping(.split)
    if let column = keys["column"] {
      for name in ["train", "validation", "test", "seed", "stratify"] {
        if let other = keys[name] { throw other.failure("cannot be combined with split.column") }
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
    let keys = try value.mapping(.training)
    let epochs = try keys.required("epochs").integer(1...100_000)
    self.init(epochs: epochs)
    batch = try keys["batch"]?.integer(1...65_536) ?? batch
    microbatch = try keys["microbatch"]?.integer(1...65_536) ?? Swift.min(microbatch, batch)
    guard batch % microbatch == 0 else {
      throw value.failure("batch (\(batch)) must be a multiple of microbatch (\(microbatch))")
    }
    if let grouped = keys["group_by_length"] {
      guard task.isText else { throw grouped.failure("is not a key of the task \(task.rawValue)") }
      groupsByLength = try grouped.boolean()
    }
    if let flip = keys["flip"] {
      guard task == .imageClassification else { throw flip.failure("is not a key of the task \(task.rawValue)") }
      flipProbability = try flip.number(0...1)
    }
    precision = try keys["precision"]?.choice(Precision.self) ?? precision
    weightDecay = try keys["weight_decay"]?.number(0...1) ?? weightDecay
    warmup = try keys["warmup"]?.number(0...1) ?? warmup
    clip = try keys["clip"]?.number(1e-6...1e6)
    recordsValidationCurve = try keys["validation_curve"]?.boolean() ?? recordsValidationCurve
    lora = try lora.replaced(by: keys["lora"])
    full = try full.replaced(by: keys["full"])
    if let own = keys["head"], !task.isClassification {
      throw own.failure("is not a key of the task \(task.rawValue), in which no head is trained")
    }
    head = try head.replaced(by: keys["head"])
    for item in try keys["oversample"]?.sequence() ?? [] {
      let group = try Oversampling(item)
      guard !oversampling.contains(where: { $0.column == group.column && $0.value == group.value }) else {
        throw item.failure("\(group.column)=\(group.value) is listed twice")
      }
      oversampling.append(group)
    }
  }
}

extension Oversampling {
  init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping(.oversampling)
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
    let keys = try value?.mapping(.method)
    return MethodSettings(
      rate: try keys?["rate"]?.number(1e-12...100) ?? rate,
      epochs: try keys?["epochs"]?.integer(1...100_000) ?? epochs)
  }
}

extension SearchSettings {
  /// - Parameters:
  ///   - training: its epochs are tried where the search names none.
  ///   - seeds: the audit's seeds, which the search may not use.
  init(
    _ value: YAMLValue, training: TrainingSettings, seeds: [Int], split: SplitSettings
  ) throws(SpecificationError) {
    let keys = try value.mapping(.search)
    let rates = try keys["rates"]?.distinctNumbers(1e-12...100)
    let epochs = try keys["epochs"]?.distinctIntegers(1...100_000)
    func candidates(_ name: String, _ method: MethodSettings) throws(SpecificationError) -> [MethodSettings] {
      let own = try keys[name]?.mapping(.searchMethod)
      guard let rates = try own?["rates"]?.distinctNumbers(1e-12...100) ?? rates else {
        throw value.failure("expected rates: [...], for all arms or under head, lora and full")
      }
      let epochs = try own?["epochs"]?.distinctIntegers(1...100_000) ?? epochs ?? [method.epochs]
      return epochs.flatMap { epochs in rates.map { MethodSettings(rate: $0, epochs: epochs) } }
    }
    self.init(
      head: try candidates("head", training.head), lora: try candidates("lora", training.lora),
      full: try candidates("full", training.full), seeds: try keys["seeds"]?.seeds() ?? [])
    if let given = keys["seeds"] {
      if let shared = self.seeds.first(where: seeds.contains) {
        throw given.failure("the seed \(shared) is one of the audit's; a search needs seeds of its own")
      }
    } else {
      self.seeds = Array((1...).lazy.filter { !seeds.contains($0) }.prefix(2))
    }
    if case .fractions(_, let validation, _, _, _) = split, validation == 0 {
      throw value.failure("needs validation items, and split.validation is 0")
    }
  }
}

extension YAMLValue {
  fileprivate func distinctNumbers(_ range: ClosedRange<Double>) throws(SpecificationError) -> [Double] {
    var numbers: [Double] = []
    for item in try sequence() {
      let number = try item.number(range)
      guard !numbers.contains(number) else { throw item.failure("\(number) is listed twice") }
      numbers.append(number)
    }
    return numbers
  }

  fileprivate func distinctIntegers(_ range: ClosedRange<Int>) throws(SpecificationError) -> [Int] {
    var numbers: [Int] = []
    for item in try sequence() {
      let number = try item.integer(range)
      guard !numbers.contains(number) else { throw item.failure("\(number) is listed twice") }
      numbers.append(number)
    }
    return numbers
  }
}

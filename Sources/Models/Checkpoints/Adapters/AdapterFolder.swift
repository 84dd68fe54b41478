import Foundation

/// A PEFT folder with a LoRA adapter, under the names of version 5 of transformers or of version 4.
package struct AdapterFolder: Sendable {
  package let path: String
  package let lora: LoRAConfiguration
  package let layout: TrainableLayout
  /// The adapter's factors and head in the order of `layout`; the head is the base's where the adapter has none.
  package let values: [Float]
  /// The names of the head's classes, by index.
  package let labels: [String]
  /// Whether `labels` are names that a person gave, rather than numbers.
  package let hasNamedLabels: Bool

  package var method: AdaptationMethod { .lora(lora) }

  /// Reads the adapter in `folder` for the model in `base`. Throws `CheckpointError` or `SafetensorsError`.
  package init(path folder: String, base: CheckpointFolder) throws {
    path = folder
    let configurationFile = "\(folder)/adapter_config.json"
    let adapter = try JSONFile.read(AdapterConfiguration.self, at: configurationFile)
    guard adapter.unsupported.isEmpty else {
      throw CheckpointError(
        file: configurationFile,
        problem: .unsupported(
          key: "the adapter", found: adapter.unsupported.joined(separator: ", "), supported: "plain LoRA"))
    }
    let weights = "\(folder)/adapter_model.safetensors"
    if !FileManager.default.fileExists(atPath: weights) {
      guard !FileManager.default.fileExists(atPath: "\(folder)/adapter_model.bin") else {
        throw CheckpointError(file: folder, problem: .pickle(found: "adapter_model.bin"))
      }
      throw CheckpointError(file: folder, problem: .missingFile(expected: "adapter_model.safetensors"))
    }
    let file = try SafetensorsFile(path: weights)
    let architecture = base.configuration.architecture
    let found = AdapterTensors(file: file, architecture: architecture)
    guard !found.targets.isEmpty else {
      throw CheckpointError(
        file: weights,
        problem: .invalidAdapter(
          reason:
            "none of its tensors is a LoRA factor of \(architecture.className(with: .classifier(labels: 1))), the model in "
            + "\(base.path); found \(file.names.prefix(3).joined(separator: ", "))"))
    }
    let targets = type(of: architecture).targets.map(\.name).filter(found.targets.contains)
    lora = LoRAConfiguration(
      rank: adapter.rank, alpha: adapter.alpha, targets: targets,
      layers: found.layers.count == architecture.layerCount ? .all : .listed(found.layers.sorted()),
      dropout: adapter.dropout, isRankStabilized: adapter.isRankStabilized)

    let head = try Self.head(of: found, file: file, base: base)
    layout = try TrainableLayout(configuration: base.configuration, method: .lora(lora), head: head)
    values = try found.values(in: layout, file: file, base: base)
    let own = try Self.ownLabels(in: folder)
    let names = own ?? base.configuration.labels
    let numbered = (0..<layout.labels).map { "LABEL_\($0)" }
    labels = names.count == layout.labels ? names : numbered
    // A head without class names may have any classes, even as many as the base's.
    let hasOwnHead = architecture.headTensors(head).contains { found.fileNames[$0.name] != nil }
    hasNamedLabels = labels != numbered && (own != nil || !hasOwnHead)
  }

  /// The adapter's own classifier, else its base's, else the base's language-model head.
  private static func head(
    of tensors: AdapterTensors, file: SafetensorsFile, base: CheckpointFolder
  ) throws(CheckpointError) -> ModelHead {
    let weight = base.configuration.architecture.headTensors(.classifier(labels: 1)).first?.name
    let own = weight.flatMap { tensors.fileNames[$0] }.flatMap(file.entry)?.shape.first
    if let labels = own ?? base.headLabels { return .classifier(labels: labels) }
    guard base.hasLanguageModelHead else {
      throw CheckpointError(
        file: file.path,
        problem: .invalidAdapter(reason: "neither the adapter nor its base has a head; expected modules_to_save"))
    }
    return .languageModel
  }

  /// The names in the config.json in the adapter's folder, which PEFT does not write, but Tenbin and others do.
  private static func ownLabels(in folder: String) throws -> [String]? {
    let configuration = "\(folder)/config.json"
    guard FileManager.default.fileExists(atPath: configuration) else { return nil }
    return try JSONFile.read(LabelNames.self, at: configuration).names
  }
}

/// The adapter_config.json of a PEFT folder that holds a LoRA adapter.
struct AdapterConfiguration: Codable {
  var rank: Int
  var alpha: Double
  var dropout: Double
  var isRankStabilized: Bool
  var targetModules: [String]
  /// The adapted layers, nil for all.
  var layers: [Int]?
  /// The modules of the head, which are saved whole.
  var modulesToSave: [String] = []
  var base: String?
  var className: String?
  var pythonModule: String?
  /// Names of the features that the file asks for and Tenbin does not have.
  private(set) var unsupported: [String] = []

  init(
    lora: LoRAConfiguration, targetModules: [String], layers: [Int]?, modulesToSave: [String], base: String,
    className: String, pythonModule: String
  ) {
    rank = lora.rank
    alpha = lora.alpha
    dropout = lora.dropout
    isRankStabilized = lora.isRankStabilized
    self.targetModules = targetModules
    self.layers = layers
    self.modulesToSave = modulesToSave
    self.base = base
    self.className = className
    self.pythonModule = pythonModule
  }

  private enum CodingKeys: String, CodingKey {
    case rank = "r"
    case alpha = "lora_alpha"
    case targetModules = "target_modules"
    case layers = "layers_to_transform"
    case base = "base_model_name_or_path"
    case autoMapping = "auto_mapping"
    case kind = "peft_type"
    case task = "task_type"
    case modulesToSave = "modules_to_save"
    case bias
    case dropout = "lora_dropout"
    case inference = "inference_mode"
    case initialized = "init_lora_weights"
    case ranks = "rank_pattern"
    case alphas = "alpha_pattern"
    case transposed = "fan_in_fan_out"
    case rankStabilized = "use_rslora"
    case decomposed = "use_dora"
    case loraBias = "lora_bias"
    case replicated = "layer_replication"
    case quantizationAware = "use_qalora"
    case blockDiagonal = "use_bdlora"
    case routed = "arrow_config"
    case activated = "alora_invocation_tokens"
    case knowledgeAware = "kasa_config"
    case sampled = "monteclora_config"

    /// What changes the arithmetic of an adapter beyond plain LoRA; null or false if it is not used.
    static let variants: [CodingKeys] = [
      .transposed, .decomposed, .loraBias, .replicated, .quantizationAware, .blockDiagonal, .routed, .activated,
      .knowledgeAware, .sampled,
    ]
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let kind = try values.decodeIfPresent(String.self, forKey: .kind) ?? "LORA"
    guard kind == "LORA" else {
      throw UnsupportedValue(key: CodingKeys.kind.rawValue, found: "\"\(kind)\"", supported: "\"LORA\"")
    }
    rank = try values.decode(Int.self, forKey: .rank)
    alpha = try values.decode(Double.self, forKey: .alpha)
    dropout = try values.decodeIfPresent(Double.self, forKey: .dropout) ?? 0
    guard dropout >= 0, dropout < 1 else {
      throw DecodingError.dataCorruptedError(
        forKey: .dropout, in: values, debugDescription: "a number from 0 to below 1")
    }
    isRankStabilized = try values.decodeIfPresent(Bool.self, forKey: .rankStabilized) ?? false
    base = try values.decodeIfPresent(String.self, forKey: .base)
    // The tensors say which layers and modules are adapted; a pattern here would only say it again.
    targetModules = []
    // PiSSA, OLoRA, CorDA and LoftQ change the base's weights too, which an adapter's file does not hold.
    if let start = try? values.decodeIfPresent(String.self, forKey: .initialized),
      !["gaussian", "eva", "orthogonal"].contains(start)
    {
      unsupported.append("\(CodingKeys.initialized.rawValue): \(start)")
    }
    for key in CodingKeys.variants where values.contains(key) {
      guard try !values.decodeNil(forKey: key), (try? values.decode(Bool.self, forKey: key)) != false else { continue }
      unsupported.append(key.rawValue)
    }
    for key in [CodingKeys.ranks, .alphas] {
      if try values.decodeIfPresent([String: Double].self, forKey: key)?.isEmpty == false {
        unsupported.append("\(key.rawValue): one value for each module")
      }
    }
    let bias = try values.decodeIfPresent(String.self, forKey: .bias) ?? "none"
    if bias != "none" { unsupported.append("bias: \(bias)") }
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode("LORA", forKey: .kind)
    try values.encodeNil(forKey: .task)
    try values.encode(rank, forKey: .rank)
    try values.encode(alpha, forKey: .alpha)
    try values.encode(targetModules, forKey: .targetModules)
    try values.encode(layers, forKey: .layers)
    try values.encode(base, forKey: .base)
    try values.encode(
      ["base_model_class": className, "parent_library": pythonModule], forKey: .autoMapping)
    try values.encode(modulesToSave, forKey: .modulesToSave)
    try values.encode("none", forKey: .bias)
    try values.encode(dropout, forKey: .dropout)
    try values.encode(true, forKey: .inference)
    try values.encode(true, forKey: .initialized)
    try values.encode([String: Int](), forKey: .ranks)
    try values.encode([String: Int](), forKey: .alphas)
    try values.encode(false, forKey: .transposed)
    try values.encode(isRankStabilized, forKey: .rankStabilized)
    try values.encode(false, forKey: .decomposed)
    try values.encode(false, forKey: .loraBias)
  }
}

/// The tensors of an adapter file, by canonical name, whichever version of transformers named them.
struct AdapterTensors {
  /// The name in the file of each canonical name.
  private(set) var fileNames: [String: String] = [:]
  private(set) var targets: Set<String> = []
  private(set) var layers: Set<Int> = []
  /// Names that belong to nothing in the architecture.
  private(set) var surplus: [String] = []

  init(file: SafetensorsFile, architecture: any ModelArchitecture) {
    var linears: [String: AdaptableLinear] = [:]
    for linear in architecture.linears {
      linears[linear.fileName] = linear
      linears[linear.adapterName] = linear
    }
    let head = Set(architecture.headTensors(.classifier(labels: 1)).map(\.name))
    for name in file.names {
      let module = name.hasPrefix("base_model.model.") ? String(name.dropFirst("base_model.model.".count)) : name
      let headName = module.replacing(".modules_to_save.", with: ".")
      if let linear = Self.module(module, ".lora_A.weight").flatMap({ linears[$0] }) {
        add(linear, as: linear.factorA, from: name)
      } else if let linear = Self.module(module, ".lora_B.weight").flatMap({ linears[$0] }) {
        add(linear, as: linear.factorB, from: name)
      } else if head.contains(headName) {
        fileNames[headName] = name
      } else {
        surplus.append(name)
      }
    }
  }

  private mutating func add(_ linear: AdaptableLinear, as canonicalName: String, from name: String) {
    fileNames[canonicalName] = name
    targets.insert(linear.target)
    layers.insert(linear.layer)
  }

  private static func module(_ name: String, _ suffix: String) -> String? {
    name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : nil
  }

  /// The flat buffer in the order of `layout`; a head that is missing in the file comes from `base`, and a
  /// linear layer without factors in the file gets factors of zero, because PEFT's patterns may leave out any layer.
  func values(in layout: TrainableLayout, file: SafetensorsFile, base: CheckpointFolder) throws -> [Float] {
    var missing: [String] = []
    var misshapen: [String] = []
    let absent = Set(
      layout.configuration.architecture.linears
        .filter { fileNames[$0.factorA] == nil && fileNames[$0.factorB] == nil }.flatMap { [$0.factorA, $0.factorB] })
    for parameter in layout.parameters where !absent.contains(parameter.name) {
      let entry = fileNames[parameter.name].flatMap(file.entry) ?? base.entry(parameter.name)
      if let entry, entry.shape != parameter.shape {
        misshapen.append("\(entry.name) (expected \(parameter.shape), found \(entry.shape))")
      } else if entry == nil {
        missing.append("\(parameter.name) \(parameter.shape)")
      }
    }
    guard missing.isEmpty, misshapen.isEmpty, surplus.isEmpty else {
      throw CheckpointError(
        file: file.path, problem: .tensors(missing: missing, misshapen: misshapen, surplus: surplus))
    }
    return try layout.parameters.flatMap { parameter in
      if absent.contains(parameter.name) { return [Float](repeating: 0, count: parameter.count) }
      if let name = fileNames[parameter.name] { return try file.floats(name) }
      return try base.floats(parameter.name)
    }
  }
}

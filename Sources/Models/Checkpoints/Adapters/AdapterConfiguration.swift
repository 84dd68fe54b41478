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
  /// Names of the features that the file asks for and Tenbin lacks.
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

    /// What changes the arithmetic of an adapter beyond plain LoRA; null or false where it is not used.
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

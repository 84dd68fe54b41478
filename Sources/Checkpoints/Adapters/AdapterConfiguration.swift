/// The adapter_config.json of a PEFT folder that holds a LoRA adapter.
struct AdapterConfiguration: Codable {
  var rank: Int
  var alpha: Double
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
    rank: Int, alpha: Double, targetModules: [String], layers: [Int]?, modulesToSave: [String], base: String,
    className: String,
    pythonModule: String
  ) {
    self.rank = rank
    self.alpha = alpha
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
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let kind = try values.decodeIfPresent(String.self, forKey: .kind) ?? "LORA"
    guard kind == "LORA" else {
      throw UnsupportedValue(key: CodingKeys.kind.rawValue, found: "\"\(kind)\"", supported: "\"LORA\"")
    }
    rank = try values.decode(Int.self, forKey: .rank)
    alpha = try values.decode(Double.self, forKey: .alpha)
    base = try values.decodeIfPresent(String.self, forKey: .base)
    // The tensors say which layers and modules are adapted; a pattern here would only say it again.
    targetModules = []
    for key in [CodingKeys.transposed, .rankStabilized, .decomposed, .loraBias] {
      if try values.decodeIfPresent(Bool.self, forKey: key) ?? false { unsupported.append("\(key.rawValue): true") }
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
    try values.encode(0.0, forKey: .dropout)
    try values.encode(true, forKey: .inference)
    try values.encode(true, forKey: .initialized)
    try values.encode([String: Int](), forKey: .ranks)
    try values.encode([String: Int](), forKey: .alphas)
    try values.encode(false, forKey: .transposed)
    try values.encode(false, forKey: .rankStabilized)
    try values.encode(false, forKey: .decomposed)
    try values.encode(false, forKey: .loraBias)
  }
}

/// The config.json of Llama (Touvron et al. 2023) and of Mistral (Jiang et al. 2023) as `transformers` writes it.
package struct LlamaConfiguration: Hashable, Sendable {
  package var family: Family
  package var vocabularySize: Int
  package var hiddenSize: Int
  package var intermediateSize: Int
  package var layerCount: Int
  package var headCount: Int
  /// Heads of keys and values, each shared by several heads of queries (Ainslie et al. 2023).
  package var keyValueHeadCount: Int
  /// The width of one head.
  package var headSize: Int
  package var maximumPositions: Int
  package var normEpsilon: Double
  package var rotary: RotaryScaling
  /// How many positions back a token sees, itself included; nil for all.
  package var slidingWindow: Int?
  package var tiesEmbeddings: Bool
  package var hasAttentionBias: Bool
  package var hasMLPBias: Bool
  /// The token that fills short texts up, nil if the checkpoint names none.
  package var paddingToken: Int?
  package var beginningToken: Int?
  /// The tokens that end a text.
  package var endTokens: [Int]
  package var initializerRange: Double
  package var labels: [String]

  package enum Family: String, Hashable, Sendable, Codable {
    case llama
    case mistral
  }

  /// How positions become angles (Su et al. 2021): position / factor · theta^(−2i / head size).
  package struct RotaryScaling: Hashable, Sendable {
    package var theta: Double
    /// 1, or what positions are divided by under linear scaling.
    package var factor: Double

    package init(theta: Double = 10_000, factor: Double = 1) {
      self.theta = theta
      self.factor = factor
    }
  }

  package init(
    family: Family, vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int,
    keyValueHeadCount: Int? = nil, headSize: Int? = nil, maximumPositions: Int = 4096, normEpsilon: Double = 1e-6,
    rotary: RotaryScaling = RotaryScaling(), slidingWindow: Int? = nil, tiesEmbeddings: Bool = false,
    hasAttentionBias: Bool = false, hasMLPBias: Bool = false, paddingToken: Int? = nil, beginningToken: Int? = 1,
    endTokens: [Int] = [2], initializerRange: Double = 0.02, labels: [String] = ["LABEL_0", "LABEL_1"]
  ) {
    self.family = family
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount ?? headCount
    self.headSize = headSize ?? hiddenSize / headCount
    self.maximumPositions = maximumPositions
    self.normEpsilon = normEpsilon
    self.rotary = rotary
    self.slidingWindow = slidingWindow
    self.tiesEmbeddings = tiesEmbeddings
    self.hasAttentionBias = hasAttentionBias
    self.hasMLPBias = hasMLPBias
    self.paddingToken = paddingToken
    self.beginningToken = beginningToken
    self.endTokens = endTokens
    self.initializerRange = initializerRange
    self.labels = labels
  }
}

extension LlamaConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case modelType = "model_type"
    case architectures
    case vocabularySize = "vocab_size"
    case hiddenSize = "hidden_size"
    case intermediateSize = "intermediate_size"
    case layerCount = "num_hidden_layers"
    case headCount = "num_attention_heads"
    case keyValueHeadCount = "num_key_value_heads"
    case headSize = "head_dim"
    case maximumPositions = "max_position_embeddings"
    case normEpsilon = "rms_norm_eps"
    case ropeTheta = "rope_theta"
    case ropeScaling = "rope_scaling"
    case ropeParameters = "rope_parameters"
    case slidingWindow = "sliding_window"
    case tiesEmbeddings = "tie_word_embeddings"
    case hasAttentionBias = "attention_bias"
    case hasMLPBias = "mlp_bias"
    case attentionDropout = "attention_dropout"
    case activation = "hidden_act"
    case paddingToken = "pad_token_id"
    case beginningToken = "bos_token_id"
    case endToken = "eos_token_id"
    case initializerRange = "initializer_range"
  }

  /// Keys that are missing have the defaults of `transformers`.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func invalid(_ key: CodingKeys, _ expected: String) -> DecodingError {
      .dataCorruptedError(forKey: key, in: values, debugDescription: expected)
    }
    func size(_ key: CodingKeys, default value: Int, limit: Int) throws -> Int {
      let size = try values.decodeIfPresent(Int.self, forKey: key) ?? value
      guard (1...limit).contains(size) else { throw invalid(key, "a number from 1 to \(limit)") }
      return size
    }
    func flag(_ key: CodingKeys) throws -> Bool { try values.decodeIfPresent(Bool.self, forKey: key) ?? false }
    func number(_ key: CodingKeys, default value: Double) throws -> Double {
      try values.decodeIfPresent(Double.self, forKey: key) ?? value
    }
    let architectures = try values.decodeIfPresent([String].self, forKey: .architectures) ?? []
    let named = try values.decodeIfPresent(Family.self, forKey: .modelType)
    let family = named ?? (architectures.contains { $0.hasPrefix("Mistral") } ? .mistral : .llama)
    let isMistral = family == .mistral
    let hidden = try size(.hiddenSize, default: 4096, limit: 1_000_000)
    let heads = try size(.headCount, default: 32, limit: 10_000)
    let vocabulary = try size(.vocabularySize, default: 32_000, limit: 100_000_000)
    let window: Int? =
      !isMistral
      ? nil : values.contains(.slidingWindow) ? try values.decodeIfPresent(Int.self, forKey: .slidingWindow) : 4096
    self.init(
      family: family, vocabularySize: vocabulary, hiddenSize: hidden,
      intermediateSize: try size(.intermediateSize, default: isMistral ? 14_336 : 11_008, limit: 1_000_000),
      layerCount: try size(.layerCount, default: 32, limit: 10_000), headCount: heads,
      keyValueHeadCount: try size(.keyValueHeadCount, default: isMistral ? 8 : heads, limit: 10_000),
      headSize: try size(.headSize, default: max(1, hidden / heads), limit: 65_536),
      maximumPositions: try size(.maximumPositions, default: isMistral ? 131_072 : 2048, limit: 100_000_000),
      normEpsilon: try number(.normEpsilon, default: 1e-6),
      rotary: try Self.rotary(from: values), slidingWindow: window, tiesEmbeddings: try flag(.tiesEmbeddings),
      hasAttentionBias: !isMistral ? try flag(.hasAttentionBias) : false,
      hasMLPBias: !isMistral ? try flag(.hasMLPBias) : false,
      paddingToken: try values.decodeIfPresent(Int.self, forKey: .paddingToken),
      beginningToken: try values.decodeIfPresent(Int.self, forKey: .beginningToken),
      endTokens: try Self.endTokens(from: values), initializerRange: try number(.initializerRange, default: 0.02),
      labels: try LabelNames(from: decoder).names)
    guard headCount % keyValueHeadCount == 0 else {
      throw invalid(.keyValueHeadCount, "a divisor of num_attention_heads \(headCount)")
    }
    guard headSize % 2 == 0 else { throw invalid(.headSize, "an even width, which rotary embedding needs") }
    if let slidingWindow, slidingWindow < 1 { throw invalid(.slidingWindow, "null or a number from 1") }
    if let paddingToken, !(0..<vocabulary).contains(paddingToken) {
      // −1 and the like, as early conversions of Llama wrote it, name no token.
      self.paddingToken = nil
    }
    let activation = try values.decodeIfPresent(String.self, forKey: .activation) ?? "silu"
    guard activation == "silu" else {
      throw UnsupportedValue(key: CodingKeys.activation.rawValue, found: "\"\(activation)\"", supported: "\"silu\"")
    }
    let dropout = try number(.attentionDropout, default: 0)
    guard dropout == 0 else {
      throw UnsupportedValue(key: CodingKeys.attentionDropout.rawValue, found: "\(dropout)", supported: "0")
    }
  }

  private static func endTokens(from values: KeyedDecodingContainer<CodingKeys>) throws -> [Int] {
    guard values.contains(.endToken) else { return [2] }
    if let list = try? values.decode([Int].self, forKey: .endToken) { return list }
    return try values.decodeIfPresent(Int.self, forKey: .endToken).map { [$0] } ?? []
  }

  /// `rope_parameters` of version 5, or `rope_theta` and `rope_scaling` of version 4.
  private static func rotary(from values: KeyedDecodingContainer<CodingKeys>) throws -> RotaryScaling {
    let scaling =
      try values.decodeIfPresent(RopeParameters.self, forKey: .ropeParameters)
      ?? values.decodeIfPresent(RopeParameters.self, forKey: .ropeScaling)
    let theta = try scaling?.theta ?? values.decodeIfPresent(Double.self, forKey: .ropeTheta) ?? 10_000
    let type = scaling?.type ?? scaling?.legacyType ?? "default"
    guard theta > 0, theta.isFinite else {
      throw DecodingError.dataCorruptedError(
        forKey: .ropeTheta, in: values, debugDescription: "a number above zero")
    }
    switch type {
    case "default": return RotaryScaling(theta: theta)
    case "linear":
      guard let factor = scaling?.factor, factor > 0, factor.isFinite else {
        throw DecodingError.dataCorruptedError(
          forKey: .ropeScaling, in: values, debugDescription: "a factor above zero for linear scaling")
      }
      return RotaryScaling(theta: theta, factor: factor)
    default:
      throw UnsupportedValue(
        key: "rope_parameters.rope_type", found: "\"\(type)\"", supported: "\"default\" and \"linear\"")
    }
  }

  private struct RopeParameters: Codable {
    var theta: Double?
    var type: String?
    var legacyType: String?
    var factor: Double?

    enum CodingKeys: String, CodingKey {
      case theta = "rope_theta"
      case type = "rope_type"
      case legacyType = "type"
      case factor
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(vocabularySize, forKey: .vocabularySize)
    try values.encode(hiddenSize, forKey: .hiddenSize)
    try values.encode(intermediateSize, forKey: .intermediateSize)
    try values.encode(layerCount, forKey: .layerCount)
    try values.encode(headCount, forKey: .headCount)
    try values.encode(keyValueHeadCount, forKey: .keyValueHeadCount)
    try values.encode(headSize, forKey: .headSize)
    try values.encode(maximumPositions, forKey: .maximumPositions)
    try values.encode(normEpsilon, forKey: .normEpsilon)
    let isLinear = rotary.factor != 1
    // Version 4 reads the first two keys, version 5 the last.
    try values.encode(rotary.theta, forKey: .ropeTheta)
    if isLinear { try values.encode(RopeParameters(type: "linear", factor: rotary.factor), forKey: .ropeScaling) }
    try values.encode(
      RopeParameters(
        theta: rotary.theta, type: isLinear ? "linear" : "default", factor: isLinear ? rotary.factor : nil),
      forKey: .ropeParameters)
    if family == .mistral {
      try values.encode(slidingWindow, forKey: .slidingWindow)
    } else {
      try values.encode(hasAttentionBias, forKey: .hasAttentionBias)
      try values.encode(hasMLPBias, forKey: .hasMLPBias)
    }
    try values.encode(tiesEmbeddings, forKey: .tiesEmbeddings)
    try values.encode(0.0, forKey: .attentionDropout)
    try values.encode("silu", forKey: .activation)
    try values.encode(paddingToken, forKey: .paddingToken)
    try values.encode(beginningToken, forKey: .beginningToken)
    if endTokens.count == 1 {
      try values.encode(endTokens.first, forKey: .endToken)
    } else {
      try values.encode(endTokens.isEmpty ? nil : endTokens, forKey: .endToken)
    }
    try values.encode(initializerRange, forKey: .initializerRange)
    try LabelNames(names: labels).encode(to: encoder)
  }
}

extension LlamaConfiguration: ModelArchitecture {
  package static let prefix = "model."
  package var modelType: String { family.rawValue }
  package var pythonModule: String { "transformers.models.\(modelType).modeling_\(modelType)" }
  package var predictsTokens: Bool { true }

  package func className(with head: ModelHead) -> String {
    let name = family == .llama ? "Llama" : "Mistral"
    return head == .languageModel ? "\(name)ForCausalLM" : "\(name)ForSequenceClassification"
  }

  /// The same names in the file and in adapters, for every version of transformers.
  package static let targets = [
    ("self_attn.q_proj", ["q_proj", "query"]), ("self_attn.k_proj", ["k_proj", "key"]),
    ("self_attn.v_proj", ["v_proj", "value"]), ("self_attn.o_proj", ["o_proj"]), ("mlp.gate_proj", ["gate_proj"]),
    ("mlp.up_proj", ["up_proj"]), ("mlp.down_proj", ["down_proj"]),
  ].map { AdaptationTarget(name: $0, adapterName: $0, aliases: $1) }

  private func layerName(_ index: Int) -> String { "model.layers.\(index)" }

  /// [outputs, inputs] of the linear layer `target`.
  private func shape(of target: String) -> [Int] {
    switch target {
    case "self_attn.q_proj": [headCount * headSize, hiddenSize]
    case "self_attn.k_proj", "self_attn.v_proj": [keyValueHeadCount * headSize, hiddenSize]
    case "self_attn.o_proj": [hiddenSize, headCount * headSize]
    case "mlp.down_proj": [hiddenSize, intermediateSize]
    default: [intermediateSize, hiddenSize]
    }
  }

  package var linears: [AdaptableLinear] {
    (0..<layerCount).flatMap { layer in
      Self.targets.map { target in
        let name = "\(layerName(layer)).\(target.name)"
        let shape = shape(of: target.name)
        return AdaptableLinear(
          target: target.name, layer: layer, fileName: name, adapterName: name, inputs: shape[1], outputs: shape[0])
      }
    }
  }

  package var backboneTensors: [CheckpointTensor] {
    let weights = ParameterStart.normal(deviation: initializerRange)
    func norm(_ name: String) -> CheckpointTensor {
      CheckpointTensor(name: name + ".weight", shape: [hiddenSize], fresh: .ones)
    }
    var tensors = [
      CheckpointTensor(name: "model.embed_tokens.weight", shape: [vocabularySize, hiddenSize], fresh: weights)
    ]
    let linearsByLayer = Dictionary(grouping: linears, by: \.layer)
    for layer in 0..<layerCount {
      tensors.append(norm("\(layerName(layer)).input_layernorm"))
      for linear in linearsByLayer[layer] ?? [] {
        if linear.target == "mlp.gate_proj" { tensors.append(norm("\(layerName(layer)).post_attention_layernorm")) }
        tensors.append(
          CheckpointTensor(name: linear.fileName + ".weight", shape: [linear.outputs, linear.inputs], fresh: weights))
        if linear.target.hasPrefix("mlp.") ? hasMLPBias : hasAttentionBias {
          tensors.append(CheckpointTensor(name: linear.fileName + ".bias", shape: [linear.outputs], fresh: .zeros))
        }
      }
    }
    return tensors + [norm("model.norm")]
  }

  package func headTensors(_ head: ModelHead) -> [CheckpointTensor] {
    let weights = ParameterStart.normal(deviation: initializerRange)
    return switch head {
    case .classifier(let labels): [CheckpointTensor(name: "score.weight", shape: [labels, hiddenSize], fresh: weights)]
    case .languageModel where tiesEmbeddings: []
    case .languageModel:
      [CheckpointTensor(name: "lm_head.weight", shape: [vocabularySize, hiddenSize], fresh: weights)]
    }
  }

  package var activationElements: Int {
    let tokens = 256
    return layerCount * tokens * (12 * hiddenSize + 4 * intermediateSize + 2 * headCount * tokens)
  }

  /// Old files keep the rotary angles, and a copy of embeddings that the head shares.
  package func ignores(_ name: String) -> Bool {
    name.hasSuffix("rotary_emb.inv_freq") || name == "model.lm_head.weight" || name == "lm_head.weight"
  }
}

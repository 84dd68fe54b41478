/// The config.json of a Vision Transformer (Dosovitskiy et al. 2021) as `transformers` writes it.
package struct ViTConfiguration: Hashable, Sendable {
  package var hiddenSize: Int
  package var layerCount: Int
  package var headCount: Int
  package var intermediateSize: Int
  package var imageSize: ImageExtent
  package var patchSize: ImageExtent
  package var channelCount: Int
  package var layerNormEpsilon: Double
  package var hasQueryKeyValueBias: Bool
  package var initializerRange: Double
  package var labels: [String]

  package init(
    hiddenSize: Int, layerCount: Int, headCount: Int, intermediateSize: Int, imageSize: ImageExtent,
    patchSize: ImageExtent, channelCount: Int = 3, layerNormEpsilon: Double = 1e-12, hasQueryKeyValueBias: Bool = true,
    initializerRange: Double = 0.02, labels: [String]
  ) {
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.intermediateSize = intermediateSize
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.channelCount = channelCount
    self.layerNormEpsilon = layerNormEpsilon
    self.hasQueryKeyValueBias = hasQueryKeyValueBias
    self.initializerRange = initializerRange
    self.labels = labels
  }

  /// Patches of one image.
  package var patchCount: Int { (imageSize.height / patchSize.height) * (imageSize.width / patchSize.width) }
}

extension ViTConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case hiddenSize = "hidden_size"
    case layerCount = "num_hidden_layers"
    case headCount = "num_attention_heads"
    case intermediateSize = "intermediate_size"
    case activation = "hidden_act"
    case hiddenDropout = "hidden_dropout_prob"
    case attentionDropout = "attention_probs_dropout_prob"
    case initializerRange = "initializer_range"
    case layerNormEpsilon = "layer_norm_eps"
    case imageSize = "image_size"
    case patchSize = "patch_size"
    case channelCount = "num_channels"
    case hasQueryKeyValueBias = "qkv_bias"
  }

  /// Keys that are missing have the defaults of `transformers`.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func size(_ key: CodingKeys, default value: Int, limit: Int) throws -> Int {
      let size = try values.decodeIfPresent(Int.self, forKey: key) ?? value
      guard (1...limit).contains(size) else {
        throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "a number from 1 to \(limit)")
      }
      return size
    }
    func fraction(_ key: CodingKeys, default value: Double) throws -> Double {
      try values.decodeIfPresent(Double.self, forKey: key) ?? value
    }
    self.init(
      hiddenSize: try size(.hiddenSize, default: 768, limit: 1_000_000),
      layerCount: try size(.layerCount, default: 12, limit: 10_000),
      headCount: try size(.headCount, default: 12, limit: 10_000),
      intermediateSize: try size(.intermediateSize, default: 3072, limit: 1_000_000),
      imageSize: try values.decodeIfPresent(ImageExtent.self, forKey: .imageSize) ?? ImageExtent(side: 224),
      patchSize: try values.decodeIfPresent(ImageExtent.self, forKey: .patchSize) ?? ImageExtent(side: 16),
      channelCount: try size(.channelCount, default: 3, limit: 1024),
      layerNormEpsilon: try fraction(.layerNormEpsilon, default: 1e-12),
      hasQueryKeyValueBias: try values.decodeIfPresent(Bool.self, forKey: .hasQueryKeyValueBias) ?? true,
      initializerRange: try fraction(.initializerRange, default: 0.02), labels: try LabelNames(from: decoder).names)
    guard hiddenSize % headCount == 0 else {
      throw DecodingError.dataCorruptedError(
        forKey: .headCount, in: values, debugDescription: "a divisor of hidden_size \(hiddenSize)")
    }
    guard imageSize.height >= patchSize.height, imageSize.width >= patchSize.width else {
      throw DecodingError.dataCorruptedError(
        forKey: .patchSize, in: values, debugDescription: "patches no larger than the image of \(imageSize)")
    }
    let activation = try values.decodeIfPresent(String.self, forKey: .activation) ?? "gelu"
    guard activation == "gelu" else {
      throw UnsupportedValue(key: CodingKeys.activation.rawValue, found: "\"\(activation)\"", supported: "\"gelu\"")
    }
    for key in [CodingKeys.hiddenDropout, .attentionDropout] {
      let probability = try fraction(key, default: 0)
      guard probability == 0 else {
        throw UnsupportedValue(key: key.rawValue, found: "\(probability)", supported: "0")
      }
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(hiddenSize, forKey: .hiddenSize)
    try values.encode(layerCount, forKey: .layerCount)
    try values.encode(headCount, forKey: .headCount)
    try values.encode(intermediateSize, forKey: .intermediateSize)
    try values.encode("gelu", forKey: .activation)
    try values.encode(0.0, forKey: .hiddenDropout)
    try values.encode(0.0, forKey: .attentionDropout)
    try values.encode(initializerRange, forKey: .initializerRange)
    try values.encode(layerNormEpsilon, forKey: .layerNormEpsilon)
    try values.encode(imageSize, forKey: .imageSize)
    try values.encode(patchSize, forKey: .patchSize)
    try values.encode(channelCount, forKey: .channelCount)
    try values.encode(hasQueryKeyValueBias, forKey: .hasQueryKeyValueBias)
    try LabelNames(names: labels).encode(to: encoder)
  }
}

extension ViTConfiguration: ModelArchitecture {
  package static let prefix = "vit."
  package var modelType: String { "vit" }
  package var pythonModule: String { "transformers.models.vit.modeling_vit" }
  package func className(with head: ModelHead) -> String { "ViTForImageClassification" }
  package var predictsTokens: Bool { false }

  /// The one table of names: in the file and version 4 of transformers, in adapters for version 5, and short forms.
  package static let targets = [
    AdaptationTarget(name: "attention.attention.query", adapterName: "attention.q_proj", aliases: ["query", "q_proj"]),
    AdaptationTarget(name: "attention.attention.key", adapterName: "attention.k_proj", aliases: ["key", "k_proj"]),
    AdaptationTarget(name: "attention.attention.value", adapterName: "attention.v_proj", aliases: ["value", "v_proj"]),
    AdaptationTarget(name: "attention.output.dense", adapterName: "attention.o_proj", aliases: ["o_proj"]),
    AdaptationTarget(name: "intermediate.dense", adapterName: "mlp.fc1", aliases: ["fc1"]),
    AdaptationTarget(name: "output.dense", adapterName: "mlp.fc2", aliases: ["fc2"]),
  ]

  /// The module that holds layer `index` in the file.
  package static func layerName(_ index: Int) -> String { "vit.encoder.layer.\(index)" }

  package var linears: [AdaptableLinear] {
    (0..<layerCount).flatMap { layer in
      Self.targets.map { target in
        let isExpansion = target.name == "intermediate.dense"
        let isContraction = target.name == "output.dense"
        return AdaptableLinear(
          target: target.name, layer: layer, fileName: "\(Self.layerName(layer)).\(target.name)",
          adapterName: "vit.layers.\(layer).\(target.adapterName)",
          inputs: isContraction ? intermediateSize : hiddenSize, outputs: isExpansion ? intermediateSize : hiddenSize)
      }
    }
  }

  package var backboneTensors: [CheckpointTensor] {
    let weights = ParameterStart.normal(deviation: initializerRange)
    func norm(_ name: String) -> [CheckpointTensor] {
      [
        CheckpointTensor(name: name + ".weight", shape: [hiddenSize], fresh: .ones),
        CheckpointTensor(name: name + ".bias", shape: [hiddenSize], fresh: .zeros),
      ]
    }
    let projection = "vit.embeddings.patch_embeddings.projection"
    let projectionShape = [hiddenSize, channelCount, patchSize.height, patchSize.width]
    var tensors = [
      CheckpointTensor(name: "vit.embeddings.cls_token", shape: [1, 1, hiddenSize], fresh: weights),
      CheckpointTensor(
        name: "vit.embeddings.position_embeddings", shape: [1, patchCount + 1, hiddenSize], fresh: weights),
      CheckpointTensor(name: projection + ".weight", shape: projectionShape, fresh: weights),
      CheckpointTensor(name: projection + ".bias", shape: [hiddenSize], fresh: .zeros),
    ]
    let linearsByLayer = Dictionary(grouping: linears, by: \.layer)
    for layer in 0..<layerCount {
      tensors += norm("\(Self.layerName(layer)).layernorm_before")
      for linear in linearsByLayer[layer] ?? [] {
        if linear.target == "intermediate.dense" { tensors += norm("\(Self.layerName(layer)).layernorm_after") }
        tensors.append(
          CheckpointTensor(name: linear.fileName + ".weight", shape: [linear.outputs, linear.inputs], fresh: weights))
        if hasQueryKeyValueBias || !linear.target.hasPrefix("attention.attention.") {
          tensors.append(CheckpointTensor(name: linear.fileName + ".bias", shape: [linear.outputs], fresh: .zeros))
        }
      }
    }
    return tensors + norm("vit.layernorm")
  }

  package func headTensors(_ head: ModelHead) -> [CheckpointTensor] {
    guard case .classifier(let labels) = head else { return [] }
    return [
      CheckpointTensor(
        name: "classifier.weight", shape: [labels, hiddenSize], fresh: .normal(deviation: initializerRange)),
      CheckpointTensor(name: "classifier.bias", shape: [labels], fresh: .zeros),
    ]
  }

  package var activationElements: Int {
    let tokens = patchCount + 1
    return layerCount * tokens * (10 * hiddenSize + 3 * intermediateSize + 2 * headCount * tokens)
  }

  /// The pooler, the mask token and stored position numbers play no part in classification.
  package func ignores(_ name: String) -> Bool {
    name.hasPrefix("vit.pooler.") || name == "vit.embeddings.mask_token" || name.hasSuffix("position_ids")
  }
}

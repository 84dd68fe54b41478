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

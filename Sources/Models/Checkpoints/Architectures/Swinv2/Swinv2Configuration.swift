/// The config.json of a Swin Transformer v2 (Liu et al. 2022) as `transformers` writes it.
///
/// `drop_path_rate` is kept and otherwise unused: Tenbin trains without stochastic depth, so that a gradient depends on
/// nothing but parameters and images.
package struct Swinv2Configuration: Hashable, Sendable {
  package var imageSize: ImageExtent
  package var patchSize: ImageExtent
  package var channelCount: Int
  /// Channels in the first stage; every further stage has twice as many.
  package var embeddingSize: Int
  /// Blocks, heads, and side of the windows in pretraining (0 where there was none) of each stage.
  package var depths: [Int]
  package var headCounts: [Int]
  package var pretrainedWindowSizes: [Int]
  /// Side of the square windows, in patches.
  package var windowSize: Int
  /// Width of the hidden layer of each block's MLP, relative to its channels.
  package var expansionRatio: Double
  /// Whether queries and values have a bias; keys have none.
  package var hasQueryValueBias: Bool
  package var layerNormEpsilon: Double
  package var dropPathRate: Double
  package var initializerRange: Double
  package var labels: [String]

  package init(
    imageSize: ImageExtent, patchSize: ImageExtent, channelCount: Int = 3, embeddingSize: Int, depths: [Int],
    headCounts: [Int], windowSize: Int, pretrainedWindowSizes: [Int]? = nil, expansionRatio: Double = 4,
    hasQueryValueBias: Bool = true, layerNormEpsilon: Double = 1e-5, dropPathRate: Double = 0.1,
    initializerRange: Double = 0.02, labels: [String]
  ) {
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.channelCount = channelCount
    self.embeddingSize = embeddingSize
    self.depths = depths
    self.headCounts = headCounts
    self.windowSize = windowSize
    self.pretrainedWindowSizes = pretrainedWindowSizes ?? depths.map { _ in 0 }
    self.expansionRatio = expansionRatio
    self.hasQueryValueBias = hasQueryValueBias
    self.layerNormEpsilon = layerNormEpsilon
    self.dropPathRate = dropPathRate
    self.initializerRange = initializerRange
    self.labels = labels
  }
}

extension Swinv2Configuration: Codable {
  private enum CodingKeys: String, CodingKey {
    case imageSize = "image_size"
    case patchSize = "patch_size"
    case channelCount = "num_channels"
    case embeddingSize = "embed_dim"
    case depths
    case headCounts = "num_heads"
    case windowSize = "window_size"
    case pretrainedWindowSizes = "pretrained_window_sizes"
    case expansionRatio = "mlp_ratio"
    case hasQueryValueBias = "qkv_bias"
    case hiddenDropout = "hidden_dropout_prob"
    case attentionDropout = "attention_probs_dropout_prob"
    case dropPathRate = "drop_path_rate"
    case activation = "hidden_act"
    case hasAbsoluteEmbeddings = "use_absolute_embeddings"
    case initializerRange = "initializer_range"
    case layerNormEpsilon = "layer_norm_eps"
    case stageCount = "num_layers"
    case hiddenSize = "hidden_size"
  }

  /// The keys whose numbers version 5 of transformers wants with a decimal point.
  static var fractionKeys: [String] {
    [CodingKeys.expansionRatio, .initializerRange, .layerNormEpsilon].map(\.rawValue)
  }

  /// Keys that are missing have the defaults of `transformers`.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func invalid(_ key: CodingKeys, _ expected: String) -> DecodingError {
      DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: expected)
    }
    func size(_ key: CodingKeys, default value: Int, limit: Int) throws -> Int {
      let size = try values.decodeIfPresent(Int.self, forKey: key) ?? value
      guard (1...limit).contains(size) else { throw invalid(key, "a number from 1 to \(limit)") }
      return size
    }
    func sizes(_ key: CodingKeys, default value: [Int], _ range: ClosedRange<Int>) throws -> [Int] {
      let sizes = try values.decodeIfPresent([Int].self, forKey: key) ?? value
      guard sizes.allSatisfy(range.contains) else {
        throw invalid(key, "numbers from \(range.lowerBound) to \(range.upperBound)")
      }
      return sizes
    }
    func fraction(_ key: CodingKeys, default value: Double) throws -> Double {
      try values.decodeIfPresent(Double.self, forKey: key) ?? value
    }
    let depths = try sizes(.depths, default: [2, 2, 6, 2], 1...1000)
    guard (1...16).contains(depths.count) else { throw invalid(.depths, "1 to 16 stages") }
    let pretrained = try sizes(.pretrainedWindowSizes, default: depths.map { _ in 0 }, 0...1_000_000)
    guard pretrained.count >= depths.count, !pretrained.contains(1) else {
      throw invalid(.pretrainedWindowSizes, "0 or a side of at least 2 for each of \(depths.count) stages")
    }
    self.init(
      imageSize: try values.decodeIfPresent(ImageExtent.self, forKey: .imageSize) ?? ImageExtent(side: 224),
      patchSize: try values.decodeIfPresent(ImageExtent.self, forKey: .patchSize) ?? ImageExtent(side: 4),
      channelCount: try size(.channelCount, default: 3, limit: 1024),
      embeddingSize: try size(.embeddingSize, default: 96, limit: 1_000_000), depths: depths,
      headCounts: try sizes(.headCounts, default: [3, 6, 12, 24], 1...10_000),
      windowSize: try size(.windowSize, default: 7, limit: 64),
      pretrainedWindowSizes: Array(pretrained.prefix(depths.count)),
      expansionRatio: try fraction(.expansionRatio, default: 4),
      hasQueryValueBias: try values.decodeIfPresent(Bool.self, forKey: .hasQueryValueBias) ?? true,
      layerNormEpsilon: try fraction(.layerNormEpsilon, default: 1e-5),
      dropPathRate: try fraction(.dropPathRate, default: 0.1),
      initializerRange: try fraction(.initializerRange, default: 0.02), labels: try LabelNames(from: decoder).names)
    guard headCounts.count == depths.count,
      zip(0..., headCounts).allSatisfy({ (embeddingSize << $0) % $1 == 0 })
    else {
      throw invalid(
        .headCounts, "for each of \(depths.count) stages a divisor of its channels, \(embeddingSize) doubled each time")
    }
    guard expansionRatio <= 1000, expansionRatio * Double(embeddingSize) >= 1 else {
      throw invalid(.expansionRatio, "a ratio of at most 1000 that leaves the MLP a hidden unit")
    }
    guard (imageSize.height / patchSize.height) >> (depths.count - 1) >= 1 else {
      throw invalid(
        .imageSize, "\(patchSize.height << (depths.count - 1)) pixels of height at least, one patch in the last stage")
    }
    try Self.refuseUnsupported(values)
  }

  private static func refuseUnsupported(_ values: KeyedDecodingContainer<CodingKeys>) throws {
    let activation = try values.decodeIfPresent(String.self, forKey: .activation) ?? "gelu"
    guard activation == "gelu" else {
      throw UnsupportedValue(key: CodingKeys.activation.rawValue, found: "\"\(activation)\"", supported: "\"gelu\"")
    }
    for key in [CodingKeys.hiddenDropout, .attentionDropout] {
      let probability = try values.decodeIfPresent(Double.self, forKey: key) ?? 0
      guard probability == 0 else {
        throw UnsupportedValue(key: key.rawValue, found: "\(probability)", supported: "0")
      }
    }
    // transformers adds patches + 1 positions to patches tokens, which cannot be: there is nothing to agree with.
    if try values.decodeIfPresent(Bool.self, forKey: .hasAbsoluteEmbeddings) ?? false {
      throw UnsupportedValue(key: CodingKeys.hasAbsoluteEmbeddings.rawValue, found: "true", supported: "false")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(imageSize, forKey: .imageSize)
    try values.encode(patchSize, forKey: .patchSize)
    try values.encode(channelCount, forKey: .channelCount)
    try values.encode(embeddingSize, forKey: .embeddingSize)
    try values.encode(depths, forKey: .depths)
    try values.encode(headCounts, forKey: .headCounts)
    try values.encode(windowSize, forKey: .windowSize)
    try values.encode(pretrainedWindowSizes, forKey: .pretrainedWindowSizes)
    try values.encode(expansionRatio, forKey: .expansionRatio)
    try values.encode(hasQueryValueBias, forKey: .hasQueryValueBias)
    try values.encode(0.0, forKey: .hiddenDropout)
    try values.encode(0.0, forKey: .attentionDropout)
    try values.encode(dropPathRate, forKey: .dropPathRate)
    try values.encode("gelu", forKey: .activation)
    try values.encode(false, forKey: .hasAbsoluteEmbeddings)
    try values.encode(initializerRange, forKey: .initializerRange)
    try values.encode(layerNormEpsilon, forKey: .layerNormEpsilon)
    try values.encode(depths.count, forKey: .stageCount)
    try values.encode(embeddingSize << (depths.count - 1), forKey: .hiddenSize)
    try LabelNames(names: labels).encode(to: encoder)
  }
}

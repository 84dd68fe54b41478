import Foundation

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

/// The sizes in one stage of a Swin Transformer v2.
package struct Swinv2Stage: Hashable, Sendable {
  package let index: Int
  package let blockCount: Int
  package let channels: Int
  /// Width of the hidden layer of each block's MLP.
  package let intermediateSize: Int
  package let headCount: Int
  /// Height and width of the feature map, in patches.
  package let height: Int
  package let width: Int
  /// Side of the windows.
  package let window: Int
  /// How far the windows of every second block are shifted; 0 if one window spans the map.
  package let shift: Int
  /// Side of the windows in pretraining, 0 if there was none.
  package let pretrainedWindow: Int
}

extension Swinv2Configuration {
  /// The stages from the first to the last, each on a map of half the height and width, rounded up.
  ///
  /// As in `transformers`, windows are clipped to the height of the map had it been rounded down all the way.
  package var stages: [Swinv2Stage] {
    var height = Self.ceiling(imageSize.height, by: patchSize.height)
    var width = Self.ceiling(imageSize.width, by: patchSize.width)
    return depths.indices.map { index in
      defer { (height, width) = (Self.ceiling(height, by: 2), Self.ceiling(width, by: 2)) }
      let channels = embeddingSize << index
      let nominalHeight = (imageSize.height / patchSize.height) >> index
      return Swinv2Stage(
        index: index, blockCount: depths[index], channels: channels,
        intermediateSize: Int(expansionRatio * Double(channels)), headCount: headCounts[index], height: height,
        width: width, window: min(nominalHeight, windowSize), shift: nominalHeight > windowSize ? windowSize / 2 : 0,
        pretrainedWindow: pretrainedWindowSizes[index])
    }
  }

  private static func ceiling(_ size: Int, by part: Int) -> Int { (size + part - 1) / part }
}

extension Swinv2Configuration: ModelArchitecture {
  package static let prefix = "swinv2."
  package var modelType: String { "swinv2" }
  package var pythonModule: String { "transformers.models.swinv2.modeling_swinv2" }
  package func className(with head: ModelHead) -> String { "Swinv2ForImageClassification" }
  package var predictsTokens: Bool { false }

  /// Versions 4 and 5 of transformers name these alike.
  package static let targets = [
    target("attention.self.query", "query"), target("attention.self.key", "key"),
    target("attention.self.value", "value"), target("attention.output.dense"), target("intermediate.dense"),
    target("output.dense"), target(reduction, "reduction"),
  ]

  /// The linear layer between two stages; it counts as one of the last block before it.
  private static let reduction = "downsample.reduction"

  private static func target(_ name: String, _ aliases: String...) -> AdaptationTarget {
    AdaptationTarget(name: name, adapterName: name, aliases: aliases)
  }

  /// Blocks over all stages, which LoRA counts through from 0.
  package var layerCount: Int { depths.reduce(0, +) }

  package var linears: [AdaptableLinear] { blocks.flatMap(\.linears) }

  package var backboneTensors: [CheckpointTensor] {
    let projection = "swinv2.embeddings.patch_embeddings.projection"
    let projectionShape = [embeddingSize, channelCount, patchSize.height, patchSize.width]
    var tensors = [
      CheckpointTensor(name: projection + ".weight", shape: projectionShape, fresh: weights),
      CheckpointTensor(name: projection + ".bias", shape: [embeddingSize], fresh: .zeros),
    ]
    tensors += norm("swinv2.embeddings.norm", embeddingSize)
    tensors += blocks.flatMap(tensors(of:))
    return tensors + norm("swinv2.layernorm", stages.last?.channels ?? embeddingSize)
  }

  package func headTensors(_ head: ModelHead) -> [CheckpointTensor] {
    guard case .classifier(let labels) = head else { return [] }
    let channels = embeddingSize << (depths.count - 1)
    return [
      CheckpointTensor(name: "classifier.weight", shape: [labels, channels], fresh: weights),
      CheckpointTensor(name: "classifier.bias", shape: [labels], fresh: .zeros),
    ]
  }

  package var activationElements: Int {
    stages.reduce(0) { sum, stage in
      let tokens = stage.height * stage.width
      let scores = 6 * stage.headCount * stage.window * stage.window
      return sum + stage.blockCount * tokens * (14 * stage.channels + 3 * stage.intermediateSize + scores)
    }
  }

  /// What masked-image pretraining leaves, and tables that follow from the configuration, play no part.
  package func ignores(_ name: String) -> Bool {
    let tables = [".relative_position_index", ".relative_coords_table", ".attn_mask"]
    return name == "swinv2.embeddings.mask_token" || name.hasPrefix("decoder.")
      || tables.contains(where: name.hasSuffix)
  }

  private var weights: ParameterStart { .normal(deviation: initializerRange) }

  /// One block, and what is between its stage and the next where it is the last of its stage.
  private struct Block {
    let module: String
    let stage: Swinv2Stage
    let linears: [AdaptableLinear]
  }

  private var blocks: [Block] {
    let stages = stages
    var blocks: [Block] = []
    for stage in stages {
      for index in 0..<stage.blockCount {
        let module = "swinv2.encoder.layers.\(stage.index)"
        let block = "\(module).blocks.\(index)"
        let endsStage = index == stage.blockCount - 1 && stage.index < stages.count - 1
        let layer = blocks.count
        let linears = Self.targets.filter { $0.name != Self.reduction || endsStage }.map { target in
          let (inputs, outputs) = Self.sizes(of: target.name, in: stage)
          let name = "\(target.name == Self.reduction ? module : block).\(target.name)"
          return AdaptableLinear(
            target: target.name, layer: layer, fileName: name, adapterName: name, inputs: inputs, outputs: outputs)
        }
        blocks.append(Block(module: block, stage: stage, linears: linears))
      }
    }
    return blocks
  }

  private static func sizes(of target: String, in stage: Swinv2Stage) -> (inputs: Int, outputs: Int) {
    switch target {
    case "intermediate.dense": (stage.channels, stage.intermediateSize)
    case "output.dense": (stage.intermediateSize, stage.channels)
    case reduction: (4 * stage.channels, 2 * stage.channels)
    default: (stage.channels, stage.channels)
    }
  }

  private func tensors(of block: Block) -> [CheckpointTensor] {
    let (stage, attention) = (block.stage, block.module + ".attention.self")
    let bias = attention + ".continuous_position_bias_mlp"
    let hidden = Self.positionBiasWidth
    var tensors = [
      CheckpointTensor(
        name: attention + ".logit_scale", shape: [stage.headCount, 1, 1], fresh: .constant(log(10))),
      CheckpointTensor(name: bias + ".0.weight", shape: [hidden, 2], fresh: weights),
      CheckpointTensor(name: bias + ".0.bias", shape: [hidden], fresh: .zeros),
      CheckpointTensor(name: bias + ".2.weight", shape: [stage.headCount, hidden], fresh: weights),
    ]
    for linear in block.linears {
      tensors.append(
        CheckpointTensor(name: linear.fileName + ".weight", shape: [linear.outputs, linear.inputs], fresh: weights))
      if hasBias(linear.target) {
        tensors.append(CheckpointTensor(name: linear.fileName + ".bias", shape: [linear.outputs], fresh: .zeros))
      }
      switch linear.target {
      case "attention.output.dense": tensors += norm(block.module + ".layernorm_before", stage.channels)
      case "output.dense": tensors += norm(block.module + ".layernorm_after", stage.channels)
      case Self.reduction:
        tensors += norm(linear.fileName.replacing(Self.reduction, with: "downsample.norm"), linear.outputs)
      default: break
      }
    }
    return tensors
  }

  private func hasBias(_ target: String) -> Bool {
    switch target {
    case "attention.self.query", "attention.self.value": hasQueryValueBias
    case "attention.self.key", Self.reduction: false
    default: true
    }
  }

  private func norm(_ name: String, _ size: Int) -> [CheckpointTensor] {
    [
      CheckpointTensor(name: name + ".weight", shape: [size], fresh: .ones),
      CheckpointTensor(name: name + ".bias", shape: [size], fresh: .zeros),
    ]
  }

  /// Hidden units of the network that makes the position bias.
  package static let positionBiasWidth = 512
}

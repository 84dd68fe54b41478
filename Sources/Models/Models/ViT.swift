import Checkpoints
import Torch

/// The Vision Transformer (Dosovitskiy et al. 2021, "An image is worth 16x16 words"); equations are numbered as there.
struct ViT: ImageModel {
  private let embeddings: ViTEmbeddings
  private let blocks: [ViTBlock]
  private let norm: LayerNorm
  private let classifier: Linear

  init(_ scope: ParameterScope, _ configuration: ViTConfiguration, labels: Int) throws {
    let backbone = scope["vit"]
    embeddings = try ViTEmbeddings(backbone["embeddings"], configuration)
    blocks = try (0..<configuration.layerCount).map {
      try ViTBlock(backbone["encoder"]["layer"][$0], configuration)
    }
    norm = try LayerNorm(backbone["layernorm"], size: configuration.hiddenSize, epsilon: configuration.layerNormEpsilon)
    classifier = try Linear(scope["classifier"], inputs: configuration.hiddenSize, outputs: labels)
  }

  var blockCount: Int { blocks.count }

  func embedded(_ pixels: Tensor) throws(TorchError) -> Tensor { try embeddings(pixels) }

  /// [batch, tokens, hidden] to the same, or to [batch, 1, hidden] after the last block.
  func states(_ states: Tensor, through range: Range<Int>) throws(TorchError) -> Tensor {
    var tokens = Residual(states)
    for index in range {
      // The head reads the class token alone, so the last block computes no other.
      tokens = try blocks[index](tokens, classTokenOnly: index == blocks.count - 1)
    }
    return try tokens.sum()
  }

  /// The class token after the last block, y = LN(z) (equation 4): [batch, tokens, hidden] to [batch, hidden].
  func features(ofStates states: Tensor) throws(TorchError) -> Tensor {
    let classToken = try states.narrowed(1, 0..<1)  // [batch, 1, hidden]
    return try norm(classToken.reshaped([classToken.shape[0], -1]))  // [batch, hidden]
  }

  func classify(_ features: Tensor) throws(TorchError) -> Tensor { try classifier(features) }
}

/// z = [class; x E] + E_position (equation 1): patches as tokens, after a learned class token.
private struct ViTEmbeddings {
  private let classToken: Tensor
  private let positions: Tensor
  private let projection: (weight: Tensor, bias: Tensor)
  private let configuration: ViTConfiguration
  private let type: ScalarType

  init(_ scope: ParameterScope, _ configuration: ViTConfiguration) throws {
    let hidden = configuration.hiddenSize
    let patch = configuration.patchSize
    self.configuration = configuration
    type = scope.type
    classToken = try scope.float32("cls_token", shape: [1, 1, hidden])
    positions = try scope.float32("position_embeddings", shape: [1, configuration.patchCount + 1, hidden])
    let module = scope["patch_embeddings"]["projection"]
    projection = (
      weight: try module.tensor("weight", shape: [hidden, configuration.channelCount, patch.height, patch.width]),
      bias: try module.tensor("bias", shape: [hidden])
    )
  }

  func callAsFunction(_ pixels: Tensor) throws(TorchError) -> Tensor {
    let batch = pixels.shape[0]
    let hidden = configuration.hiddenSize
    let weight = try projection.weight.reshaped([hidden, -1])  // [hidden, channels · patch height · patch width]
    let tokens = try patches(of: pixels)
      .linear(weight: weight, bias: projection.bias, in: type)  // [batch, patches, hidden]
    let classTokens = try classToken.expanded([batch, 1, hidden])
    let sequence = try Tensor.concatenated([classTokens, tokens], dimension: 1)  // [batch, 1 + patches, hidden]
    return try sequence.adding(positions)
  }

  /// The convolution of the paper's equal stride and kernel, as a product: each patch becomes one row.
  private func patches(of pixels: Tensor) throws(TorchError) -> Tensor {
    let (image, patch) = (configuration.imageSize, configuration.patchSize)
    let (rows, columns) = (image.height / patch.height, image.width / patch.width)
    let batch = pixels.shape[0]
    let channels = configuration.channelCount
    return
      try pixels
      // An edge that fills no patch is left out.
      .narrowed(2, 0..<(rows * patch.height)).narrowed(3, 0..<(columns * patch.width))
      .reshaped([batch, channels, rows, patch.height, columns, patch.width])
      .permuted([0, 2, 4, 1, 3, 5])  // [batch, rows, columns, channels, patch height, patch width]
      .reshaped([batch, rows * columns, -1])  // [batch, patches, channels · patch height · patch width]
  }
}

/// z' = MSA(LN(z)) + z and z = MLP(LN(z')) + z' (equations 2 and 3).
private struct ViTBlock {
  private let normBefore: LayerNorm
  private let attention: MultiHeadAttention
  private let normAfter: LayerNorm
  private let mlp: MLP

  init(_ scope: ParameterScope, _ configuration: ViTConfiguration) throws {
    let (hidden, intermediate) = (configuration.hiddenSize, configuration.intermediateSize)
    let hasBias = configuration.hasQueryKeyValueBias
    let inner = scope["attention"]["attention"]
    normBefore = try LayerNorm(scope["layernorm_before"], size: hidden, epsilon: configuration.layerNormEpsilon)
    attention = MultiHeadAttention(
      query: try inner["query"].linear(inputs: hidden, outputs: hidden, hasBias: hasBias),
      key: try inner["key"].linear(inputs: hidden, outputs: hidden, hasBias: hasBias),
      value: try inner["value"].linear(inputs: hidden, outputs: hidden, hasBias: hasBias),
      output: try scope["attention"]["output"]["dense"].linear(inputs: hidden, outputs: hidden),
      heads: configuration.headCount)
    normAfter = try LayerNorm(scope["layernorm_after"], size: hidden, epsilon: configuration.layerNormEpsilon)
    mlp = MLP(
      expansion: try scope["intermediate"]["dense"].linear(inputs: hidden, outputs: intermediate),
      contraction: try scope["output"]["dense"].linear(inputs: intermediate, outputs: hidden))
  }

  /// [batch, tokens, hidden] to the same, or to [batch, 1, hidden] if only the class token is requested.
  func callAsFunction(_ residual: Residual, classTokenOnly: Bool) throws(TorchError) -> Residual {
    let (tokens, normalized) = try normBefore(residual)
    let kept = classTokenOnly ? try tokens.narrowed(1, 0..<1) : tokens
    let queries = classTokenOnly ? try normalized.narrowed(1, 0..<1) : normalized
    let (attended, input) = try normAfter(Residual(kept, update: attention(queries, over: normalized)))
    return Residual(attended, update: try mlp(input))
  }
}

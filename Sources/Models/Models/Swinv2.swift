import Checkpoints
import Torch

/// The Swin Transformer v2 (Liu et al. 2022, "Swin Transformer V2: Scaling up capacity and resolution").
///
/// Everywhere within, images are feature maps [batch, height, width, channels], in 32 bits between the products.
struct Swinv2: ImageModel {
  private let embeddings: Swinv2Embeddings
  /// One after another, with the way to the next stage after the last block of each.
  private let blocks: [Swinv2Step]
  private let norm: LayerNorm
  private let classifier: Linear

  init(_ scope: ParameterScope, _ configuration: Swinv2Configuration, labels: Int, device: Device) throws {
    let backbone = scope["swinv2"]
    let sizes = configuration.stages
    embeddings = try Swinv2Embeddings(backbone["embeddings"], configuration)
    blocks = try sizes.flatMap { stage in
      try Swinv2Step.steps(
        backbone["encoder"]["layers"][stage.index], stage, configuration, isLast: stage.index == sizes.count - 1,
        device: device)
    }
    let channels = sizes.last?.channels ?? configuration.embeddingSize
    norm = try LayerNorm(backbone["layernorm"], size: channels, epsilon: configuration.layerNormEpsilon)
    classifier = try Linear(scope["classifier"], inputs: channels, outputs: labels)
  }

  var blockCount: Int { blocks.count }

  func embedded(_ pixels: Tensor) throws(TorchError) -> Tensor { try embeddings(pixels) }

  func states(_ states: Tensor, through range: Range<Int>) throws(TorchError) -> Tensor {
    var map = states
    for block in blocks[range] { map = try block(map) }
    return map
  }

  /// The mean of the last map, [batch, channels of the last stage].
  func features(ofStates states: Tensor) throws(TorchError) -> Tensor { try norm(states).mapMean() }

  func classify(_ features: Tensor) throws(TorchError) -> Tensor { try classifier(features) }
}

/// LN(x E): patches as a map of normalized vectors, without positions.
private struct Swinv2Embeddings {
  private let projection: (weight: Tensor, bias: Tensor)
  private let norm: LayerNorm
  private let patchSize: ImageExtent
  private let type: ScalarType

  init(_ scope: ParameterScope, _ configuration: Swinv2Configuration) throws {
    let channels = configuration.embeddingSize
    patchSize = configuration.patchSize
    type = scope.type
    let module = scope["patch_embeddings"]["projection"]
    let shape = [channels, configuration.channelCount, patchSize.height, patchSize.width]
    projection = (
      weight: try module.tensor("weight", shape: shape), bias: try module.tensor("bias", shape: [channels])
    )
    norm = try LayerNorm(
      scope["norm"], size: channels, epsilon: Swinv2.outerNormEpsilon, returning: .float32)
  }

  func callAsFunction(_ pixels: Tensor) throws(TorchError) -> Tensor {
    let patches = try pixels.imagePatches(height: patchSize.height, width: patchSize.width)
    let weight = try projection.weight.reshaped([projection.bias.count, -1])  // [channels, pixels of a patch]
    // [batch, rows, columns, channels]
    return try norm(patches.linear(weight: weight, bias: projection.bias, in: type))
  }
}

/// A block, and after the last one of a stage the merging of patches that leads to the next.
private struct Swinv2Step {
  let block: Swinv2Block
  let merging: PatchMerging?

  /// The blocks of a stage: on a map of one size, every second one with shifted windows.
  static func steps(
    _ scope: ParameterScope, _ stage: Swinv2Stage, _ configuration: Swinv2Configuration, isLast: Bool, device: Device
  ) throws -> [Swinv2Step] {
    let offsets = try WindowOffsets(
      window: stage.window, pretrainedWindow: stage.pretrainedWindow, device: device)
    let windows = try [0, stage.shift].map { shift in
      try ShiftedWindows(window: stage.window, shift: shift, height: stage.height, width: stage.width, device: device)
    }
    return try (0..<stage.blockCount).map { index in
      let merges = !isLast && index == stage.blockCount - 1
      return Swinv2Step(
        block: try Swinv2Block(
          scope["blocks"][index], stage, configuration, windows: windows[index % 2], offsets: offsets),
        merging: merges ? try PatchMerging(scope["downsample"], channels: stage.channels) : nil)
    }
  }

  func callAsFunction(_ map: Tensor) throws(TorchError) -> Tensor {
    let map = try block(map)
    return try merging?(map) ?? map
  }
}

/// x + LN(attention(x)), then x + LN(MLP(x)): normalized after, not before, each residual function (section 3.2).
private struct Swinv2Block {
  private let windows: ShiftedWindows
  private let attention: WindowAttention
  private let attentionNorm: LayerNorm
  private let mlp: MLP
  private let mlpNorm: LayerNorm

  init(
    _ scope: ParameterScope, _ stage: Swinv2Stage, _ configuration: Swinv2Configuration, windows: ShiftedWindows,
    offsets: WindowOffsets
  ) throws {
    let (channels, heads) = (stage.channels, stage.headCount)
    let hasBias = configuration.hasQueryValueBias
    let inner = scope["attention"]["self"]
    self.windows = windows
    attention = WindowAttention(
      query: try inner["query"].linear(inputs: channels, outputs: channels, hasBias: hasBias),
      key: try inner["key"].linear(inputs: channels, outputs: channels, hasBias: false),
      value: try inner["value"].linear(inputs: channels, outputs: channels, hasBias: hasBias),
      output: try scope["attention"]["output"]["dense"].linear(inputs: channels, outputs: channels),
      logitScale: try inner.float32("logit_scale", shape: [heads, 1, 1]),
      positionBias: try ContinuousPositionBias(
        inner["continuous_position_bias_mlp"], units: Swinv2Configuration.positionBiasWidth, heads: heads,
        offsets: offsets),
      heads: heads)
    // "Before" and "after" the MLP: the checkpoint's names, kept from version 1.
    attentionNorm = try LayerNorm(
      scope["layernorm_before"], size: channels, epsilon: configuration.layerNormEpsilon, returning: .float32)
    mlp = MLP(
      expansion: try scope["intermediate"]["dense"].linear(inputs: channels, outputs: stage.intermediateSize),
      contraction: try scope["output"]["dense"].linear(inputs: stage.intermediateSize, outputs: channels))
    mlpNorm = try LayerNorm(
      scope["layernorm_after"], size: channels, epsilon: configuration.layerNormEpsilon, returning: .float32)
  }

  func callAsFunction(_ map: Tensor) throws(TorchError) -> Tensor {
    let gathered = try windows.join(attention(windows.cut(map), mask: windows.mask))
    let attended = try attentionNorm(gathered).adding(map)
    return try mlpNorm(mlp(attended)).adding(attended)
  }
}

/// LN(W [four neighbours]): half the height and width, twice the channels.
private struct PatchMerging {
  private let reduction: Linear
  private let norm: LayerNorm

  init(_ scope: ParameterScope, channels: Int) throws {
    reduction = try scope["reduction"].linear(inputs: 4 * channels, outputs: 2 * channels, hasBias: false)
    norm = try LayerNorm(
      scope["norm"], size: 2 * channels, epsilon: Swinv2.outerNormEpsilon, returning: .float32)
  }

  func callAsFunction(_ map: Tensor) throws(TorchError) -> Tensor { try norm(reduction(map.mergedPatches())) }
}

extension Swinv2 {
  /// The epsilon of the norms outside the blocks, which config.json does not name.
  fileprivate static let outerNormEpsilon = 1e-5
}

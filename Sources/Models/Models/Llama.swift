import Checkpoints
import Torch

/// Grouped-query attention with rotary positions (Ainslie et al. 2023, Su et al. 2021).
private struct LlamaAttention {
  private let query: Linear
  private let key: Linear
  private let value: Linear
  private let output: Linear
  private let heads: Int
  private let keyValueHeads: Int

  init(_ scope: ParameterScope, _ configuration: LlamaConfiguration) throws {
    let hidden = configuration.hiddenSize
    let hasBias = configuration.hasAttentionBias
    heads = configuration.headCount
    keyValueHeads = configuration.keyValueHeadCount
    let (queryWidth, keyWidth) = (heads * configuration.headSize, keyValueHeads * configuration.headSize)
    query = try scope["q_proj"].linear(inputs: hidden, outputs: queryWidth, hasBias: hasBias)
    key = try scope["k_proj"].linear(inputs: hidden, outputs: keyWidth, hasBias: hasBias)
    value = try scope["v_proj"].linear(inputs: hidden, outputs: keyWidth, hasBias: hasBias)
    output = try scope["o_proj"].linear(inputs: queryWidth, outputs: hidden, hasBias: hasBias)
  }

  /// Attention from `queries` [batch, queries, hidden] to `tokens` [batch, tokens, hidden] and to the cache.
  func callAsFunction(
    _ queries: Tensor, over tokens: Tensor, _ context: LlamaContext, layer: Int
  ) throws(TorchError) -> Tensor {
    let (queryAngles, keyAngles) = (context.queryAngles, context.angles)
    let q = try query(queries).rotated(cosine: queryAngles.cosine, sine: queryAngles.sine, heads: heads)
    let k = try key(tokens).rotated(cosine: keyAngles.cosine, sine: keyAngles.sine, heads: keyValueHeads)
    let v = try value(tokens)  // [batch, tokens, key-value heads · head size]
    guard let cache = context.cache else {
      return try output(q.attention(key: k, value: v, mask: context.mask, heads: heads, keyHeads: keyValueHeads))
    }
    let shape = k.shape
    let room = try cache.room(
      layer: layer, texts: shape[0], heads: keyValueHeads, headSize: shape[2] / keyValueHeads)
    return try output(
      q.attention(
        key: k, value: v, cached: room.keys, room.values, length: cache.length, mask: context.mask, heads: heads,
        keyHeads: keyValueHeads))
  }
}

/// h' = h + attention(norm(h)) and h + MLP(norm(h')).
private struct LlamaBlock {
  private let attention: LlamaAttention
  private let mlp: GatedMLP
  private let attentionNorm: RMSNorm
  private let mlpNorm: RMSNorm

  init(_ scope: ParameterScope, _ configuration: LlamaConfiguration) throws {
    let (hidden, inner) = (configuration.hiddenSize, configuration.intermediateSize)
    let hasBias = configuration.hasMLPBias
    attention = try LlamaAttention(scope["self_attn"], configuration)
    mlp = GatedMLP(
      gate: try scope["mlp"]["gate_proj"].linear(inputs: hidden, outputs: inner, hasBias: hasBias),
      up: try scope["mlp"]["up_proj"].linear(inputs: hidden, outputs: inner, hasBias: hasBias),
      down: try scope["mlp"]["down_proj"].linear(inputs: inner, outputs: hidden, hasBias: hasBias))
    attentionNorm = try RMSNorm(scope["input_layernorm"], size: hidden, epsilon: configuration.normEpsilon)
    mlpNorm = try RMSNorm(scope["post_attention_layernorm"], size: hidden, epsilon: configuration.normEpsilon)
  }

  /// [batch, tokens, hidden] to the same, or to [batch, 1, hidden] where the context pools one token a text.
  func callAsFunction(_ tokens: Tensor, _ context: LlamaContext, layer: Int) throws(TorchError) -> Tensor {
    let normalized = try attentionNorm(tokens)
    let kept = try context.pooled(tokens)
    let attended = try attention(context.pooled(normalized), over: normalized, context, layer: layer).adding(kept)
    return try mlp(mlpNorm(attended)).adding(attended)
  }
}

/// Llama (Touvron et al. 2023) and Mistral (Jiang et al. 2023) without a head: tokens to hidden states.
struct Llama {
  let configuration: LlamaConfiguration
  let device: Device
  /// [vocabulary, hidden]
  let embeddings: Tensor
  private let blocks: [LlamaBlock]
  private let norm: RMSNorm
  private let rotary: RotaryEmbedding

  init(_ scope: ParameterScope, _ configuration: LlamaConfiguration, device: Device) throws {
    self.configuration = configuration
    self.device = device
    embeddings = try scope["embed_tokens"].tensor(
      "weight", shape: [configuration.vocabularySize, configuration.hiddenSize])
    blocks = try (0..<configuration.layerCount).map { try LlamaBlock(scope["layers"][$0], configuration) }
    norm = try RMSNorm(scope["norm"], size: configuration.hiddenSize, epsilon: configuration.normEpsilon)
    let (theta, factor) = (configuration.rotary.theta, configuration.rotary.factor)
    rotary = RotaryEmbedding(headSize: configuration.headSize, theta: theta, factor: factor, device: device)
  }

  /// Room for the keys and values of this many tokens of every text.
  func makeCache(capacity: Int) -> KeyValueCache { KeyValueCache(capacity: capacity, type: norm.type, device: device) }

  /// The hidden states after the last norm: [batch, tokens, hidden], or [batch, hidden] of one position a text.
  ///
  /// With a cache the batch holds the texts from where the cache ends; `isText` tells of all positions until now.
  ///
  /// - Parameter states: what comes out of the first blocks, so that they need not be computed.
  func callAsFunction(
    _ tokens: [[Int]], isText: [[Bool]], pooling positions: [Int]? = nil, cache: KeyValueCache? = nil,
    from states: BlockStates? = nil
  ) throws -> Tensor {
    let length = tokens.first?.count ?? 0
    var hidden = try states?.tensor.moved(to: device) ?? embedded(tokens)  // [batch, tokens, hidden]
    var context = try context(isText: isText, length: length, cache: cache)
    for (layer, block) in blocks.enumerated().dropFirst(states?.blocks ?? 0) {
      // The head reads one token a text, so the last block computes no other.
      if let positions, layer == blocks.count - 1 { context = try context.pooling(positions, of: length, on: device) }
      hidden = try block(hidden, context, layer: layer)
    }
    cache?.advance(by: length)
    if positions != nil { hidden = try hidden.reshaped([tokens.count, -1]) }
    return try norm(hidden)
  }

  /// What comes out of the prefix's blocks for one text, of the embedding alone where there are none: [tokens, hidden]
  /// in 32 bits.
  func states(of text: [Int], behind prefix: FrozenPrefix?) throws -> Tensor {
    let batch = try TokenBatch(tokens: [text])
    try batch.check(vocabularySize: configuration.vocabularySize)
    return try Autograd.withoutGradients {
      var hidden = try embedded(batch.tokens)
      let context = try context(isText: batch.isText, length: text.count, cache: nil)
      for (layer, block) in blocks.enumerated().prefix(prefix?.blockCount ?? 0) {
        hidden = try block(hidden, context, layer: layer)
      }
      return try hidden.converted(to: .float32).reshaped([text.count, -1])
    }
  }

  private func embedded(_ tokens: [[Int]]) throws -> Tensor {
    let shape = [tokens.count, tokens.first?.count ?? 0]
    return try embeddings.embedding(try Tensor.copying(integers: tokens.flatMap(\.self), shape: shape, on: device))
  }

  private func context(isText: [[Bool]], length: Int, cache: KeyValueCache?) throws -> LlamaContext {
    let start = cache?.length ?? 0
    return LlamaContext(
      angles: try rotary.angles(start..<(start + length)),
      mask: try AttentionMask(isText: isText, window: configuration.slidingWindow)
        .tensor(queries: start..<(start + length), in: norm.type, on: device),
      cache: cache)
  }
}

/// The output of the first blocks of a model of text.
struct BlockStates {
  /// [batch, tokens, hidden]
  let tensor: Tensor
  let blocks: Int

  /// nil if there are no states.
  init?(_ states: Tensor?, behind prefix: FrozenPrefix?) {
    guard let states else { return nil }
    (tensor, blocks) = (states, prefix?.blockCount ?? 0)
  }
}

package import Torch

/// Multi-head attention within windows by the cosine of queries and keys, with a learned scale and a continuous relative
/// position bias (Liu et al. 2022, equation 2).
package struct WindowAttention {
  private let query: Linear
  private let key: Linear
  private let value: Linear
  private let output: Linear
  /// log(1 / τ), clamped at log 100: [heads, 1, 1]
  private let logitScale: Tensor
  private let positionBias: ContinuousPositionBias
  private let heads: Int

  package init(
    query: Linear, key: Linear, value: Linear, output: Linear, logitScale: Tensor,
    positionBias: ContinuousPositionBias, heads: Int
  ) {
    self.query = query
    self.key = key
    self.value = value
    self.output = output
    self.logitScale = logitScale
    self.positionBias = positionBias
    self.heads = heads
  }

  /// [batch · windows, tokens, channels] to the same; `mask` [windows, tokens, tokens] is added to the scores.
  package func callAsFunction(_ windows: Tensor, mask: Tensor?) throws(TorchError) -> Tensor {
    let gathered = try query(windows).cosineAttention(
      key: key(windows), value: value(windows), logitScale: logitScale, bias: positionBias(), mask: mask, heads: heads)
    return try output(gathered)
  }
}

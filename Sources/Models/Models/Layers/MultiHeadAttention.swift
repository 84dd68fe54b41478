package import Torch

/// Multi-head attention without mask (Vaswani et al. 2017, section 3.2.2).
package struct MultiHeadAttention {
  private let query: Linear
  private let key: Linear
  private let value: Linear
  private let output: Linear
  private let heads: Int

  package init(
    query: Linear, key: Linear, value: Linear, output: Linear, heads: Int
  ) {
    self.query = query
    self.key = key
    self.value = value
    self.output = output
    self.heads = heads
  }

  /// What the tokens `queries` [batch, queries, width] gather from `tokens` [batch, tokens, width]; of the shape of
  /// `queries`.
  package func callAsFunction(_ queries: Tensor, over tokens: Tensor) throws(TorchError) -> Tensor {
    let gathered = try query(queries).attention(key: key(tokens), value: value(tokens), heads: heads)
    return try output(gathered)
  }
}

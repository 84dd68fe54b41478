package import Torch

/// Multi-head attention without mask (Vaswani et al. 2017, section 3.2.2).
package struct MultiHeadAttention {
  private let query: any LinearLayer
  private let key: any LinearLayer
  private let value: any LinearLayer
  private let output: any LinearLayer
  private let heads: Int

  package init(
    query: any LinearLayer, key: any LinearLayer, value: any LinearLayer, output: any LinearLayer, heads: Int
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

import Foundation
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

  /// Attention from `queries` [batch, queries, width] to `tokens` [batch, tokens, width]; the result has the shape of
  /// `queries`.
  package func callAsFunction(_ queries: Tensor, over tokens: Tensor) throws(TorchError) -> Tensor {
    let attended = try query(queries).attention(key: key(tokens), value: value(tokens), heads: heads)
    return try output(attended)
  }
}

/// The angles of rotary position embedding (Su et al. 2021): position · theta^(−2i / head size), computed in 32 bits as
/// `transformers` does.
package struct RotaryEmbedding {
  private let frequencies: [Float]
  private let device: Device

  /// - Parameter factor: positions are divided by it.
  package init(headSize: Int, theta: Double, factor: Double, device: Device) {
    frequencies = (0..<(headSize / 2)).map { index in
      1 / pow(Float(theta), Float(2 * index) / Float(headSize)) / Float(factor)
    }
    self.device = device
  }

  /// Cosines and sines at some positions.
  package struct Angles {
    /// [1, positions, head size / 2]
    package let cosine: Tensor
    package let sine: Tensor

    /// The angles at single positions, one per text: [positions, 1, head size / 2].
    package func selected(_ positions: [Int], on device: Device) throws(TorchError) -> Angles {
      func rows(_ table: Tensor) throws(TorchError) -> Tensor {
        try table.selectedRows(positions, on: device).reshaped([positions.count, 1, -1])
      }
      return Angles(cosine: try rows(cosine), sine: try rows(sine))
    }
  }

  package func angles(_ positions: Range<Int>) throws(TorchError) -> Angles {
    let angles = positions.flatMap { position in frequencies.map { Float(position) * $0 } }
    let shape = [1, positions.count, frequencies.count]
    return Angles(
      cosine: try Tensor.copying(angles.map { cos($0) }, shape: shape, on: device),
      sine: try Tensor.copying(angles.map { sin($0) }, shape: shape, on: device))
  }
}

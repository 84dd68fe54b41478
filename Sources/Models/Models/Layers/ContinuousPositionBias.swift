import Foundation
package import Torch

/// A bias for each head and pair of tokens in a window, which a small network makes of their offset, so that it carries
/// over to windows of another size (Liu et al. 2022, section 3.3).
package struct ContinuousPositionBias {
  private let hidden: (weight: Tensor, bias: Tensor)
  private let output: Tensor
  private let offsets: WindowOffsets

  package init(_ scope: ParameterScope, units: Int, heads: Int, offsets: WindowOffsets) throws {
    hidden = (
      weight: try scope["0"].float32("weight", shape: [units, 2]), bias: try scope["0"].float32("bias", shape: [units])
    )
    output = try scope["2"].float32("weight", shape: [heads, units])
    self.offsets = offsets
  }

  /// [heads, tokens, tokens]
  package func callAsFunction() throws(TorchError) -> Tensor {
    try offsets.coordinates.positionBias(
      hidden: hidden.weight, hiddenBias: hidden.bias, output: output, pairs: offsets.pairs)
  }
}

/// The offsets between the tokens of a square window, and which of them each pair of tokens has.
package struct WindowOffsets {
  /// Log-spaced coordinates [(2 · window − 1)², 2].
  fileprivate let coordinates: Tensor
  /// The row of `coordinates` for each pair of tokens, query by query.
  fileprivate let pairs: Tensor

  /// - Parameter pretrainedWindow: the side of the windows in pretraining, which is coordinate 8; 0 where `window` is.
  package init(window: Int, pretrainedWindow: Int, device: Device) throws(TorchError) {
    let span = 2 * window - 1
    let side = pretrainedWindow > 0 ? pretrainedWindow : window
    let axis = (0..<span).map { Self.coordinate(Double($0 - (window - 1)) / Double(max(side - 1, 1))) }
    coordinates = try Tensor.copying(
      axis.flatMap { row in axis.flatMap { column in [row, column] } }, shape: [span * span, 2], on: device)
    let tokens = 0..<(window * window)
    pairs = try Tensor.copying(
      integers: tokens.flatMap { query in
        tokens.map { key in
          let (down, right) = (query / window - key / window, query % window - key % window)
          return (down + window - 1) * span + right + window - 1
        }
      }, on: device)
  }

  /// sign(x) · log(1 + |x|) (equation 4), with x from −8 to 8 and the result in units of log 8.
  private static func coordinate(_ offset: Double) -> Float {
    let x = 8 * offset
    let distance = log2(1 + abs(x)) / log2(8)
    return Float(x < 0 ? -distance : distance)
  }
}

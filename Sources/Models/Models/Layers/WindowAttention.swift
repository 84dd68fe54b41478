import Foundation
package import Torch

/// Multi-head attention within windows by the cosine of queries and keys, with a learned scale and a continuous
/// relative position bias (Liu et al. 2022, equation 2).
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

/// The windows that self-attention is confined to, shifted cyclically in every second block so that neighbouring
/// windows meet (Liu et al. 2021, section 3.2).
package struct ShiftedWindows {
  private let window: Int
  private let shift: Int
  private let height: Int
  private let width: Int
  /// The mask that is added to the scores [windows, tokens, tokens], nil without shifted windows.
  package let mask: Tensor?

  /// Windows of side `window` on maps of `height` × `width`, shifted by `shift`.
  package init(window: Int, shift: Int, height: Int, width: Int, device: Device) throws(TorchError) {
    self.window = window
    self.shift = shift
    self.height = height
    self.width = width
    mask =
      shift == 0 ? nil : try Self.mask(window: window, shift: shift, height: height, width: width, device: device)
  }

  /// [batch, height, width, channels] to [batch · windows, window · window, channels].
  package func cut(_ map: Tensor) throws(TorchError) -> Tensor { try map.windows(of: window, shiftedBy: shift) }

  /// [batch · windows, window · window, channels] to [batch, height, width, channels].
  package func join(_ windows: Tensor) throws(TorchError) -> Tensor {
    try windows.joined(height: height, width: width, window: window, shiftedBy: shift)
  }

  /// After the shift a window at the bottom or right holds what was at opposite edges of the map: tokens of different
  /// regions do not attend to each other.
  private static func mask(
    window: Int, shift: Int, height: Int, width: Int, device: Device
  ) throws(TorchError) -> Tensor {
    // transformers, whose checkpoints these are, adds its −100 twice; with a scale of up to 100 it makes a difference.
    let torn: Float = -200
    let (rows, columns) = ((height + window - 1) / window, (width + window - 1) / window)
    func region(_ position: Int, of size: Int) -> Int {
      position < size - window ? 0 : position < size - shift ? 1 : 2
    }
    var values: [Float] = []
    values.reserveCapacity(rows * columns * window * window * window * window)
    for row in 0..<rows {
      for column in 0..<columns {
        let regions = (0..<(window * window)).map { token in
          3 * region(row * window + token / window, of: rows * window)
            + region(column * window + token % window, of: columns * window)
        }
        for query in regions { values += regions.map { $0 == query ? 0 : torn } }
      }
    }
    let tokens = window * window
    return try Tensor.copying(values, shape: [rows * columns, tokens, tokens], on: device)
  }
}

/// A bias for each head and pair of tokens in a window, which a small network computes from their offset, so that it
/// carries over to windows of another size (Liu et al. 2022, section 3.3).
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

  /// - Parameter pretrainedWindow: the side of the windows in pretraining, which is coordinate 8; 0 if `window` is.
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

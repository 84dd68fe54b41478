package import Torch

/// The windows that self-attention is confined to, shifted cyclically in every second block so that neighbouring
/// windows meet (Liu et al. 2021, section 3.2).
package struct ShiftedWindows {
  private let window: Int
  private let shift: Int
  private let height: Int
  private let width: Int
  /// What is added to the scores [windows, tokens, tokens], nil where no window is torn.
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

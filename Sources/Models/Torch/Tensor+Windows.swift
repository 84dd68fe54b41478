import CTorch

/// Operations on feature maps [batch, height, width, channels] and their windows (Liu et al. 2021 and 2022).
extension Tensor {
  /// The patches of images [batch, channels, height, width] as rows: [batch, rows, columns, channels · height · width].
  /// Zeros at the bottom and right make the last patches whole.
  package func imagePatches(height: Int, width: Int) throws(TorchError) -> Tensor {
    try Self.making("imagePatches") { ctorch_image_patches(handle, Int64(height), Int64(width), $0) }
  }

  /// Two by two neighbours of a map side by side, column by column: [batch, ⌈height / 2⌉, ⌈width / 2⌉, 4 · channels].
  /// Zeros at the bottom and right make an odd map even.
  package func mergedPatches() throws(TorchError) -> Tensor {
    try Self.making("mergedPatches") { ctorch_merge_patches(handle, $0) }
  }

  /// The windows of a map: [batch · windows, window · window, channels].
  ///
  /// Zeros at the bottom and right make the last windows whole; then the map is rolled by `shift` to the top and left.
  package func windows(of window: Int, shiftedBy shift: Int) throws(TorchError) -> Tensor {
    try Self.making("windows") { ctorch_partition_windows(handle, Int64(window), Int64(shift), $0) }
  }

  /// The map of `height` × `width` that `windows` cut into this tensor.
  package func joined(height: Int, width: Int, window: Int, shiftedBy shift: Int) throws(TorchError) -> Tensor {
    try Self.making("joined") {
      ctorch_join_windows(handle, Int64(height), Int64(width), Int64(window), Int64(shift), $0)
    }
  }

  /// 16 · sigmoid(output · relu(hidden · x + bias)) of each of these coordinates [offsets, 2] (Liu et al. 2022, section
  /// 3.3), looked up for every pair of tokens by `pairs` [tokens · tokens]: [heads, tokens, tokens].
  ///
  /// `hidden` is [units, 2], `hiddenBias` [units], `output` [heads, units].
  package func positionBias(
    hidden: Tensor, hiddenBias: Tensor, output: Tensor, pairs: Tensor
  ) throws(TorchError) -> Tensor {
    try Self.making("positionBias") {
      ctorch_position_bias(handle, hidden.handle, hiddenBias.handle, output.handle, pairs.handle, $0)
    }
  }

  /// softmax(exp(min(logitScale, log 100)) · cos(q, k) + bias + mask) V with this tensor as Q (Liu et al. 2022, equation
  /// 2, whose τ is the scale's inverse), in 32 bits.
  ///
  /// Q, `key` and `value` are [batch · windows, tokens, width], with the heads side by side in the width; so is the
  /// result. `logitScale` is [heads, 1, 1], `bias` [heads, tokens, tokens], `mask` [windows, tokens, tokens].
  package func cosineAttention(
    key: Tensor, value: Tensor, logitScale: Tensor, bias: Tensor, mask: Tensor?, heads: Int
  ) throws(TorchError) -> Tensor {
    try Self.making("cosineAttention") {
      ctorch_cosine_attention(
        handle, key.handle, value.handle, logitScale.handle, bias.handle, mask?.handle, Int64(heads), $0)
    }
  }

  /// The mean of a map over its height and width: [batch, channels].
  package func mapMean() throws(TorchError) -> Tensor { try Self.making("mapMean") { ctorch_map_mean(handle, $0) } }
}

import Torch

/// A model that classifies images: an embedding, blocks one after another, what makes one vector of their last states,
/// and a head.
protocol ImageModel {
  var blockCount: Int { get }
  /// [batch, channels, height, width] to the states before the first block, [batch, ...].
  func embedded(_ pixels: Tensor) throws(TorchError) -> Tensor
  /// The states before block `blocks.lowerBound` to those behind the last of `blocks`.
  func states(_ states: Tensor, through blocks: Range<Int>) throws(TorchError) -> Tensor
  /// The states behind the last block to [batch, hidden].
  func features(ofStates states: Tensor) throws(TorchError) -> Tensor
  /// [batch, hidden] to logits [batch, labels].
  func classify(_ features: Tensor) throws(TorchError) -> Tensor
}

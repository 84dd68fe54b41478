import Torch

/// A model that classifies images: a backbone that makes one vector of an image, and a head.
protocol ImageModel {
  /// [batch, channels, height, width] to [batch, hidden].
  func features(_ pixels: Tensor) throws(TorchError) -> Tensor
  /// [batch, hidden] to logits [batch, labels].
  func classify(_ features: Tensor) throws(TorchError) -> Tensor
}

package import Checkpoints
package import Torch

/// A model in one way of adapting it, whose trained parameters are one flat buffer.
///
/// It belongs to one thread. Between steps only the trained parameters change, by `load`.
package protocol AdaptedModel {
  /// The order of the flat buffers that `load` takes and gradients come in.
  var layout: TrainableLayout { get }

  /// Copies the flat buffer `values` into the trained parameters.
  func load(parameters values: UnsafeBufferPointer<Float>) throws
}

extension AdaptedModel {
  /// Copies the flat buffer `values` into the trained parameters.
  package func load(parameters values: [Float]) throws {
    try values.withUnsafeBufferPointer { try load(parameters: $0) }
  }
}

/// A model that classifies images: an embedding, blocks one after another, what makes one vector of their last states,
/// and a head.
protocol ImageModel {
  var blockCount: Int { get }
  /// [batch, channels, height, width] to the states before the first block, [batch, ...].
  func embedded(_ pixels: Tensor) throws(TorchError) -> Tensor
  /// The states before block `blocks.lowerBound` to those after the last of `blocks`.
  func states(_ states: Tensor, through blocks: Range<Int>) throws(TorchError) -> Tensor
  /// The states after the last block to [batch, hidden].
  func features(ofStates states: Tensor) throws(TorchError) -> Tensor
  /// [batch, hidden] to logits [batch, labels].
  func classify(_ features: Tensor) throws(TorchError) -> Tensor
}

/// A model of text in one way of adapting it.
package protocol TextModel: AdaptedModel {
  /// The width of the hidden states.
  var hiddenSize: Int { get }

  /// The frozen part before the first trained parameter, whose output can be cached; nil if it is too small for that.
  var frozenPrefix: FrozenPrefix? { get }

  /// The states of one text after the frozen prefix, in 32 bits: [tokens, hidden], or [1, hidden] where only the head
  /// of a classifier is trained; without a prefix, those of the embedding.
  func prefixStates(_ text: [Int]) throws -> Tensor
}

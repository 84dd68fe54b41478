package import Checkpoints
package import Torch

/// A model of text in one way of adapting it.
package protocol TextModel: AdaptedModel {
  /// The width of the hidden states.
  var hiddenSize: Int { get }

  /// What the model computes of a text before anything that is trained; nil where that is too little to be kept.
  var frozenPrefix: FrozenPrefix? { get }

  /// The states of one text behind the frozen prefix, in 32 bits: [tokens, hidden], or [1, hidden] where only the head of
  /// a classifier is trained; without a prefix, those of the embedding.
  func prefixStates(_ text: [Int]) throws -> Tensor
}

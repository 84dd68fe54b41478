package import Torch

/// Hidden states and what is still to be added to them, so that the sum is computed together with the normalization that
/// follows.
package struct Residual {
  /// [..., width], in 32 bits.
  package let states: Tensor
  /// Of the same shape.
  package let update: Tensor?

  package init(_ states: Tensor, update: Tensor? = nil) {
    self.states = states
    self.update = update
  }

  package func sum() throws(TorchError) -> Tensor {
    guard let update else { return states }
    return try states.adding(update)
  }
}

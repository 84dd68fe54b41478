package import Torch

/// Two linear layers with a GELU between them.
package struct MLP {
  private let expansion: Linear
  private let contraction: Linear

  package init(expansion: Linear, contraction: Linear) {
    self.expansion = expansion
    self.contraction = contraction
  }

  package func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
    try contraction(expansion(input).gelu())
  }
}

/// W_down (silu(W_gate x) ∘ W_up x) (Shazeer 2020, SwiGLU).
package struct GatedMLP {
  private let gate: Linear
  private let up: Linear
  private let down: Linear

  package init(gate: Linear, up: Linear, down: Linear) {
    self.gate = gate
    self.up = up
    self.down = down
  }

  package func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
    try down(gate(input).gatedSiLU(up(input)))
  }
}

/// Hidden states and an update that is not added yet, so that the sum and the next normalization are computed together.
package struct Residual {
  /// The states [..., width], in 32 bits.
  package let states: Tensor
  /// The update, of the same shape; nil if there is none.
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

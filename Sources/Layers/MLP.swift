package import Torch

/// Two linear layers with a GELU between them.
package struct MLP {
  private let expansion: any LinearLayer
  private let contraction: any LinearLayer

  package init(expansion: any LinearLayer, contraction: any LinearLayer) {
    self.expansion = expansion
    self.contraction = contraction
  }

  package func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
    try contraction(expansion(input).gelu())
  }
}

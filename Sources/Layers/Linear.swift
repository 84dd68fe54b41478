package import Torch

/// W x + b, and alpha / rank · B (A x) beside it where it is adapted (Hu et al. 2022, equation 3).
package struct Linear {
  /// [outputs, inputs]
  package let weight: Tensor
  /// [outputs], nil for a layer without bias
  package let bias: Tensor?
  package let adapter: LowRankAdapter?
  /// The type of the products and of the result.
  package let type: ScalarType

  package init(_ scope: ParameterScope, inputs: Int, outputs: Int, hasBias: Bool = true) throws {
    weight = try scope.tensor("weight", shape: [outputs, inputs])
    bias = hasBias ? try scope.tensor("bias", shape: [outputs]) : nil
    adapter = try scope.adapter(inputs: inputs, outputs: outputs)
    type = scope.type
  }

  /// A layer whose weight is another module's, such as the head of a model with tied embeddings.
  package init(weight: Tensor, type: ScalarType) {
    self.weight = weight
    bias = nil
    adapter = nil
    self.type = type
  }

  /// [..., inputs] to [..., outputs].
  package func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
    try input.linear(weight: weight, bias: bias, adapter: try adapter?.factors(for: input, in: type), in: type)
  }
}

/// The trainable factors of LoRA for one linear layer.
package struct LowRankAdapter {
  /// [rank, inputs]
  package let a: Tensor
  /// [outputs, rank]
  package let b: Tensor
  /// alpha / rank, or alpha / √rank where it is rank-stabilized.
  package let scaling: Double

  package init(a: Tensor, b: Tensor, scaling: Double) {
    self.a = a
    self.b = b
    self.scaling = scaling
  }

  func factors(for input: Tensor, in type: ScalarType) throws(TorchError) -> Tensor.LowRank {
    Tensor.LowRank(a: a, b: b, scaling: scaling)
  }
}

extension ParameterScope {
  /// The linear layer of this module, with its adapter where the source holds one.
  package func linear(inputs: Int, outputs: Int, hasBias: Bool = true) throws -> Linear {
    try Linear(self, inputs: inputs, outputs: outputs, hasBias: hasBias)
  }
}

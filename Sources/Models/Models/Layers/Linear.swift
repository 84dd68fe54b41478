package import Torch

/// W x + b, plus alpha / rank · B (A x) if it is adapted (Hu et al. 2022, equation 3).
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
    try input.linear(weight: weight, bias: bias, adapter: try adapter?.factors(for: input), in: type)
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
  /// The name of the layer that they adapt.
  package let module: String
  /// The dropout on the input of A; nil without dropout.
  package let dropout: (any AdapterDropout)?

  package init(a: Tensor, b: Tensor, scaling: Double, module: String, dropout: (any AdapterDropout)? = nil) {
    self.a = a
    self.b = b
    self.scaling = scaling
    self.module = module
    self.dropout = dropout
  }

  /// What the product with `input` takes.
  func factors(for input: Tensor) throws(TorchError) -> Tensor.LowRank {
    Tensor.LowRank(a: a, b: b, scaling: scaling, mask: try dropout?.mask(for: input, of: module))
  }
}

/// The dropout of a linear layer's LoRA factors in training.
package protocol AdapterDropout {
  /// What `input`, [items · n, ..., inputs], is multiplied by before A sees it; nil for nothing.
  func mask(for input: Tensor, of module: String) throws(TorchError) -> Tensor?
}

extension ParameterScope {
  /// The linear layer of this module, with its adapter where the source holds one.
  package func linear(inputs: Int, outputs: Int, hasBias: Bool = true) throws -> Linear {
    try Linear(self, inputs: inputs, outputs: outputs, hasBias: hasBias)
  }
}

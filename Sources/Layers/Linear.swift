package import Torch

/// A linear layer, as it is or with an adapter beside it.
package protocol LinearLayer {
  /// [..., inputs] to [..., outputs].
  func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor
}

/// W x + b.
package struct Linear: LinearLayer {
  /// [outputs, inputs]
  package let weight: Tensor
  /// [outputs], nil for a layer without bias
  package let bias: Tensor?

  package init(_ scope: ParameterScope, inputs: Int, outputs: Int, hasBias: Bool = true) throws {
    weight = try scope.tensor("weight", shape: [outputs, inputs])
    bias = hasBias ? try scope.tensor("bias", shape: [outputs]) : nil
  }

  package func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
    try input.linear(weight: weight, bias: bias)
  }
}

/// The trainable factors of LoRA for one linear layer.
package struct LowRankAdapter {
  /// [rank, inputs]
  package let a: Tensor
  /// [outputs, rank]
  package let b: Tensor
  /// alpha / rank
  package let scaling: Double

  package init(a: Tensor, b: Tensor, scaling: Double) {
    self.a = a
    self.b = b
    self.scaling = scaling
  }
}

/// W x + b + alpha / rank · B (A x), with W and b frozen (Hu et al. 2022, equation 3).
package struct LoRALinear: LinearLayer {
  package let base: Linear
  package let adapter: LowRankAdapter

  package func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
    try input.loraLinear(
      weight: base.weight, bias: base.bias, a: adapter.a, b: adapter.b, scaling: adapter.scaling)
  }
}

extension ParameterScope {
  /// The linear layer of this module: a `LoRALinear` where the source holds factors for it, else a `Linear`.
  package func linear(inputs: Int, outputs: Int, hasBias: Bool = true) throws -> any LinearLayer {
    let base = try Linear(self, inputs: inputs, outputs: outputs, hasBias: hasBias)
    guard let adapter = try adapter(inputs: inputs, outputs: outputs) else { return base }
    return LoRALinear(base: base, adapter: adapter)
  }
}

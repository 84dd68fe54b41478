package import Torch

/// Normalization of the last dimension with a learned scale and shift (Ba, Kiros and Hinton 2016).
package struct LayerNorm {
  package let weight: Tensor
  package let bias: Tensor
  package let epsilon: Double
  /// The type of the result.
  package let type: ScalarType

  /// - Parameter type: the type of the result; by default the type of the products it enters.
  package init(
    _ scope: ParameterScope, size: Int, epsilon: Double, returning type: ScalarType? = nil
  ) throws {
    weight = try scope.float32("weight", shape: [size])
    bias = try scope.float32("bias", shape: [size])
    self.epsilon = epsilon
    self.type = type ?? scope.type
  }

  package func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
    try input.layerNorm(weight: weight, bias: bias, epsilon: epsilon, returning: type)
  }

  /// The sum after `residual`, and its normalization.
  package func callAsFunction(
    _ residual: Residual
  ) throws(TorchError) -> (sum: Tensor, normalized: Tensor) {
    guard let update = residual.update else { return (residual.states, try self(residual.states)) }
    return try residual.states.addingAndNormalizing(
      update, weight: weight, bias: bias, epsilon: epsilon, returning: type)
  }
}

/// Scaling of the last dimension to a root mean square of one, and by a learned weight (Zhang and Sennrich 2019).
package struct RMSNorm {
  package let weight: Tensor
  package let epsilon: Double
  /// The type of the result: the type of the products it enters.
  package let type: ScalarType

  package init(_ scope: ParameterScope, size: Int, epsilon: Double) throws {
    weight = try scope.float32("weight", shape: [size])
    self.epsilon = epsilon
    type = scope.type
  }

  package func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
    try input.rmsNorm(weight: weight, epsilon: epsilon, returning: type)
  }
}

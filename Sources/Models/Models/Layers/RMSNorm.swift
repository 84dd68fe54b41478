package import Torch

/// Scaling of the last dimension to a root mean square of one, and by a learned weight (Zhang and Sennrich 2019).
package struct RMSNorm {
  package let weight: Tensor
  package let epsilon: Double
  /// The type of the result: that of the products it enters.
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

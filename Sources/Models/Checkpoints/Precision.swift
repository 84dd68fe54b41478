/// The arithmetic of a model's matrix products, and the type in which its frozen weights are held.
///
/// Trained parameters, gradients, norms and the optimizer are Float32 in either.
package enum Precision: String, Hashable, Sendable, CaseIterable, Codable {
  case float32 = "fp32"
  case bfloat16 = "bf16"
}

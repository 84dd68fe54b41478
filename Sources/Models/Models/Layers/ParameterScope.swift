package import Torch

/// The parameters of layers, by the checkpoint's own names.
package protocol ParameterSource {
  /// The type of matrix products, and of the frozen weights that enter them.
  var type: ScalarType { get }
  /// The tensor of that name and shape: of `type` where it is frozen, of 32 bits where it is trained. Throws if
  /// there is none.
  func tensor(_ name: String, shape: [Int]) throws -> Tensor
  /// The tensor of that name and shape in 32 bits.
  func float32(_ name: String, shape: [Int]) throws -> Tensor
  /// The trainable LoRA factors of the linear layer `module` of that size, nil if it is not adapted.
  func adapter(of module: String, inputs: Int, outputs: Int) throws -> LowRankAdapter?
}

/// One module of a checkpoint: a source and the path of names down to it.
///
/// Layers ask it for their own names only, so that a model is a tree whose paths are the checkpoint's names:
///
///     LayerNorm(scope["encoder"]["layer"][0]["layernorm_before"], size: 768)
package struct ParameterScope {
  private let source: any ParameterSource
  private let path: String

  package init(_ source: any ParameterSource, path: String = "") {
    self.source = source
    self.path = path
  }

  /// The module `name` within this one.
  package subscript(name: String) -> ParameterScope { ParameterScope(source, path: full(name)) }

  /// The module numbered `index` within this one.
  package subscript(index: Int) -> ParameterScope { self[String(index)] }

  /// The type of matrix products.
  package var type: ScalarType { source.type }

  /// The tensor `name` of this module, for matrix products.
  package func tensor(_ name: String, shape: [Int]) throws -> Tensor { try source.tensor(full(name), shape: shape) }

  /// The tensor `name` of this module in 32 bits, for what is computed between the products.
  package func float32(_ name: String, shape: [Int]) throws -> Tensor {
    try source.float32(full(name), shape: shape)
  }

  /// The LoRA factors of this module, a linear layer of that size, nil if it is not adapted.
  package func adapter(inputs: Int, outputs: Int) throws -> LowRankAdapter? {
    try source.adapter(of: path, inputs: inputs, outputs: outputs)
  }

  private func full(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

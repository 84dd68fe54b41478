package import Checkpoints

/// A model in one way of adapting it, whose trained parameters are one flat buffer.
///
/// It belongs to one thread. Between steps only the trained parameters change, by `load`.
package protocol AdaptedModel {
  /// The order of the flat buffers that `load` takes and gradients come in.
  var layout: TrainableLayout { get }

  /// Copies the flat buffer `values` into the trained parameters.
  func load(parameters values: UnsafeBufferPointer<Float>) throws
}

extension AdaptedModel {
  /// Copies the flat buffer `values` into the trained parameters.
  package func load(parameters values: [Float]) throws {
    try values.withUnsafeBufferPointer { try load(parameters: $0) }
  }
}

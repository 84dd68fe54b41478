package import Checkpoints
import Layers
package import Torch

/// An image classification model in one way of adapting it: computes gradients of what is trained, and logits.
///
/// It belongs to one thread. Between steps only the trained parameters change, by `load`, which copies them and nothing
/// else; frozen weights are used where the checkpoint's memory map has them.
package final class ImageClassifier {
  /// The order of the flat buffers that `load` takes and `gradientSum` returns.
  package let layout: TrainableLayout
  private let model: any ImageModel
  private let parameters: AdaptedParameters
  private let device: Device
  /// [channels, height, width] of one image.
  private let imageShape: [Int]

  /// Builds the model; its trained parameters are zero until the first `load`.
  ///
  /// Throws `CheckpointError` where the method does not fit the model, `TorchError` where the device cannot be used.
  package init(
    checkpoint: CheckpointFolder, method: AdaptationMethod, labels: Int, device: Device = .cpu
  ) throws {
    try device.check()
    layout = try TrainableLayout(configuration: checkpoint.configuration, method: method, labels: labels)
    parameters = try AdaptedParameters(checkpoint: checkpoint, layout: layout, device: device)
    self.device = device
    switch checkpoint.configuration {
    case .vit(let configuration):
      model = try ViT(ParameterScope(parameters), configuration, labels: labels)
      imageShape = [configuration.channelCount, configuration.imageSize.height, configuration.imageSize.width]
    }
  }

  /// Copies the flat buffer `values` into the trained parameters.
  package func load(parameters values: UnsafeBufferPointer<Float>) throws {
    guard values.count == layout.count else {
      throw ModelError.parameterCount(expected: layout.count, found: values.count)
    }
    try parameters.buffer.write(values)
  }

  /// Copies the flat buffer `values` into the trained parameters.
  package func load(parameters values: [Float]) throws {
    try values.withUnsafeBufferPointer { try load(parameters: $0) }
  }

  /// The sum over images of the cross-entropy and its gradient, in the order of `layout`.
  ///
  /// `pixels` is [batch, channels, height, width]; `labels` holds one class for each image. The sum is not finite where
  /// the model has diverged.
  package func gradientSum(pixels: Tensor, labels: [Int]) throws -> (lossSum: Double, gradient: [Float]) {
    let images = try check(pixels)
    guard labels.count == images, labels.allSatisfy((0..<layout.labels).contains) else {
      throw ModelError.labels(expected: "\(images) numbers from 0 to \(layout.labels - 1)", found: labels)
    }
    let pixels = try pixels.moved(to: device)
    let features =
      layout.method == .head
      ? try Autograd.withoutGradients { try model.features(pixels) } : try model.features(pixels)
    let logits = try model.classify(features)
    let loss = try logits.crossEntropySum(labels: try Tensor.copying(integers: labels, on: device))
    let lossSum = try loss.floats().first.map(Double.init) ?? .nan
    return (lossSum, try Autograd.gradients(of: loss, for: parameters.trained, count: layout.count))
  }

  /// The logits of each image, one row an image. `pixels` is [batch, channels, height, width].
  package func logits(pixels: Tensor) throws -> [[Float]] {
    let images = try check(pixels)
    let flat = try Autograd.withoutGradients {
      try model.classify(try model.features(try pixels.moved(to: device))).floats()
    }
    return (0..<images).map { Array(flat[($0 * layout.labels)..<(($0 + 1) * layout.labels)]) }
  }

  /// The number of images in `pixels`.
  private func check(_ pixels: Tensor) throws(ModelError) -> Int {
    let shape = pixels.shape
    guard shape.count == 4, shape[0] >= 1, Array(shape.dropFirst()) == imageShape else {
      throw .pixels(expected: "[images, \(imageShape.map(String.init).joined(separator: ", "))]", found: shape)
    }
    return shape[0]
  }
}

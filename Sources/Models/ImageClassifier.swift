package import Checkpoints
import Layers
package import RandomNumbers
package import Torch

/// An image classification model in one way of adapting it: computes gradients of what is trained, and logits.
///
/// It belongs to one thread. Between steps only the trained parameters change, by `load`, which copies them and nothing
/// else; frozen weights are used where a memory map has them.
package final class ImageClassifier: AdaptedModel {
  package let layout: TrainableLayout
  private let model: any ImageModel
  private let parameters: AdaptedParameters
  /// [channels, height, width] of one image.
  package let imageShape: [Int]

  /// Builds the model; its trained parameters are zero until the first `load`.
  ///
  /// Throws `CheckpointError` where the method does not fit the model, `ModelError` where it is none of images,
  /// `TorchError` where the device cannot be used.
  package init(
    checkpoint: CheckpointFolder, method: AdaptationMethod, labels: Int, precision: Precision = .float32,
    device: Device = .cpu
  ) throws {
    layout = try TrainableLayout(configuration: checkpoint.configuration, method: method, labels: labels)
    parameters = try AdaptedParameters(checkpoint: checkpoint, layout: layout, precision: precision, device: device)
    switch checkpoint.configuration {
    case .vit(let configuration):
      model = try ViT(ParameterScope(parameters), configuration, labels: labels)
      imageShape = [configuration.channelCount, configuration.imageSize.height, configuration.imageSize.width]
    case .swinv2(let configuration):
      model = try Swinv2(ParameterScope(parameters), configuration, labels: labels, device: device)
      imageShape = [configuration.channelCount, configuration.imageSize.height, configuration.imageSize.width]
    case .llama(let configuration):
      throw ModelError.architecture(expected: "a model of images", found: configuration.modelType)
    }
  }

  package func load(parameters values: UnsafeBufferPointer<Float>) throws { try parameters.load(values) }

  /// The sum over images of the cross-entropy and its gradient, in the order of `layout`.
  ///
  /// `pixels` is [batch, channels, height, width]; `labels` holds one class for each image. The sum is not finite where
  /// the model has diverged. `dropout` holds one key for each image, from which LoRA's dropout draws; without keys
  /// nothing is dropped.
  package func gradientSum(
    pixels: Tensor, labels: [Int], dropout: [RandomKey] = []
  ) throws -> (lossSum: Double, gradient: [Float]) {
    try lossSum(pixels: pixels, labels: labels, dropout: dropout) { try parameters.gradient(of: $0) }
  }

  /// The sum over images of the cross-entropy, as above; its gradient is written to `gradient`, which holds as many
  /// elements as the layout.
  package func gradientSum(
    pixels: Tensor, labels: [Int], dropout: [RandomKey] = [], into gradient: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    try lossSum(pixels: pixels, labels: labels, dropout: dropout) { try parameters.gradient(of: $0, into: gradient) }
  }

  private func lossSum<Result>(
    pixels: Tensor, labels: [Int], dropout: [RandomKey], _ gradient: (Tensor) throws -> Result
  ) throws -> Result {
    let images = try check(pixels)
    try ModelError.check(labels: labels, items: images, classes: layout.labels)
    let pixels = try pixels.moved(to: parameters.device)
    let classes = try Tensor.copying(integers: labels, on: parameters.device)
    return try parameters.dropping(by: dropout, items: images) {
      let features =
        layout.method == .head
        ? try Autograd.withoutGradients { try model.features(pixels) } : try model.features(pixels)
      return try gradient(try model.classify(features).crossEntropySum(labels: classes))
    }
  }

  /// The logits of each image, one row an image. `pixels` is [batch, channels, height, width].
  package func logits(pixels: Tensor) throws -> [[Float]] {
    _ = try check(pixels)
    return try Autograd.withoutGradients {
      try model.classify(try model.features(try pixels.moved(to: parameters.device))).rows()
    }
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

extension Tensor {
  /// The rows of a tensor [rows, columns], on the host.
  func rows() throws -> [[Float]] {
    let flat = try floats()
    guard let columns = shape.last, columns > 0 else { return [] }
    return stride(from: 0, to: flat.count, by: columns).map { Array(flat[$0..<($0 + columns)]) }
  }
}

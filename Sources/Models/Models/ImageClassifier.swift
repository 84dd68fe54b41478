package import Checkpoints
package import Support
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
  /// With several `models` it computes as many at once, each with trained parameters of its own on the same frozen
  /// weights: where not every weight is trained.
  ///
  /// Throws `CheckpointError` if the method does not fit the model, `ModelError` if it is not a model of images,
  /// `TorchError` if the device cannot be used.
  package init(
    checkpoint: CheckpointFolder, method: AdaptationMethod, labels: Int, models: Int = 1,
    precision: Precision = .float32, device: Device = .cpu
  ) throws {
    guard models == 1 || (models > 1 && method != .full) else { throw ModelError.models(found: models) }
    layout = try TrainableLayout(configuration: checkpoint.configuration, method: method, labels: labels)
    parameters = try AdaptedParameters(
      checkpoint: checkpoint, layout: layout, models: models, precision: precision, device: device)
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

  /// Copies the flat buffer `values` into the trained parameters of one of the models, counted from 0.
  package func load(parameters values: UnsafeBufferPointer<Float>, model: Int) throws {
    guard (0..<parameters.models).contains(model) else { throw ModelError.models(found: model + 1) }
    try parameters.load(values, model: model)
  }

  /// The frozen part before the first trained parameter, whose output can be cached; nil if it is too small for that.
  package var frozenPrefix: FrozenPrefix? { layout.frozenPrefix }

  /// The input for some images.
  package enum Input {
    /// [batch, channels, height, width]
    case pixels(Tensor)
    /// The stacked results of `prefixStates` for each image: [batch, ...].
    case prefixStates(Tensor)
  }

  /// The states after the frozen prefix, [batch, ...] in 32 bits; without a prefix, those of the embedding.
  package func prefixStates(pixels: Tensor) throws -> Tensor {
    _ = try check(pixels)
    return try Autograd.withoutGradients {
      let embedded = try model.embedded(try pixels.moved(to: parameters.device))
      switch frozenPrefix {
      case .features:
        return try model.features(ofStates: try model.states(embedded, through: 0..<model.blockCount))
          .converted(to: .float32)
      case .blocks(let count): return try model.states(embedded, through: 0..<count).converted(to: .float32)
      case nil: return try embedded.converted(to: .float32)
      }
    }
  }

  /// The sum over images of the cross-entropy and its gradient, in the order of `layout`.
  ///
  /// `labels` holds one class for each image. The sum is not finite where the model has diverged. `dropout` holds one
  /// key for each image, from which LoRA's dropout draws; without keys nothing is dropped.
  package func gradientSum(
    _ input: Input, labels: [Int], dropout: [RandomKey] = []
  ) throws -> (lossSum: Double, gradient: [Float]) {
    try lossSum(input, labels: labels, dropout: dropout) { try parameters.gradient(of: $0) }
  }

  /// The sum over images of the cross-entropy, as above; its gradient is written to `gradient`, which holds as many
  /// elements as the layout.
  package func gradientSum(
    _ input: Input, labels: [Int], dropout: [RandomKey] = [], into gradient: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    try lossSum(input, labels: labels, dropout: dropout) { try parameters.gradient(of: $0, into: gradient) }
  }

  private func lossSum<Result>(
    _ input: Input, labels: [Int], dropout: [RandomKey], _ gradient: (Tensor) throws -> Result
  ) throws -> Result {
    let images = try check(input)
    try ModelError.check(labels: labels, items: images, classes: layout.labels)
    let classes = try Tensor.copying(integers: labels, on: parameters.device)
    return try parameters.dropping(by: dropout, items: images) {
      let features =
        layout.method == .head ? try Autograd.withoutGradients { try self.features(input) } : try self.features(input)
      return try gradient(try model.classify(features).crossEntropySum(labels: classes))
    }
  }

  /// For each of several models the sum of the cross-entropy over its images; the gradients of these sums are written
  /// to `gradient`, in the order of the layout for one model after another.
  ///
  /// - Parameters:
  ///   - input: the same number of images for each model, one model after another.
  ///   - counts: how many images of each model count, from the first; the others are padding.
  ///   - dropout: one key for each image, or none.
  package func gradientSums(
    _ input: Input, labels: [Int], counts: [Int], dropout: [RandomKey] = [],
    into gradient: UnsafeMutableBufferPointer<Float>
  ) throws -> [Double] {
    let images = try check(input)
    try ModelError.check(labels: labels, items: images, classes: layout.labels)
    let rows = images / parameters.models
    guard counts.count == parameters.models, rows * counts.count == images, counts.allSatisfy((0...rows).contains)
    else { throw ModelError.models(found: counts.count) }
    let classes = try Tensor.copying(integers: labels, on: parameters.device)
    let weights: [Float] = counts.flatMap { count in (0..<rows).map { $0 < count ? 1 : 0 } }
    return try parameters.dropping(by: dropout, items: images) {
      let features =
        layout.method == .head ? try Autograd.withoutGradients { try self.features(input) } : try self.features(input)
      let losses = try model.classify(features).crossEntropyRows(labels: classes)
      let total = try losses.weightedSum(try Tensor.copying(weights, shape: [images], on: parameters.device))
      let values = try losses.floats()
      try parameters.gradients(of: total, into: gradient)
      return counts.enumerated().map { model, count in
        values[model * rows..<model * rows + count].reduce(0) { $0 + Double($1) }
      }
    }
  }

  /// The logits of each image, one row per image.
  package func logits(_ input: Input) throws -> [[Float]] {
    _ = try check(input)
    return try Autograd.withoutGradients { try model.classify(try features(input)).rows() }
  }

  /// [batch, hidden]
  private func features(_ input: Input) throws -> Tensor {
    switch input {
    case .pixels(let pixels):
      let embedded = try model.embedded(try pixels.moved(to: parameters.device))
      return try model.features(ofStates: try model.states(embedded, through: 0..<model.blockCount))
    case .prefixStates(let states):
      let states = try states.moved(to: parameters.device)
      guard case .blocks(let count) = frozenPrefix else { return states }
      return try model.features(ofStates: try model.states(states, through: count..<model.blockCount))
    }
  }

  /// The number of images in the input.
  private func check(_ input: Input) throws(ModelError) -> Int {
    switch input {
    case .pixels(let pixels): return try check(pixels)
    case .prefixStates(let states):
      guard frozenPrefix != nil, let images = states.shape.first, images >= 1 else {
        throw .pixels(expected: "states after a frozen prefix, [images, ...]", found: states.shape)
      }
      return images
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

extension ImageClassifier {
  /// The sum over images [batch, channels, height, width] of the cross-entropy and its gradient.
  package func gradientSum(
    pixels: Tensor, labels: [Int], dropout: [RandomKey] = []
  ) throws -> (lossSum: Double, gradient: [Float]) {
    try gradientSum(.pixels(pixels), labels: labels, dropout: dropout)
  }

  /// The logits of images [batch, channels, height, width], one row per image.
  package func logits(pixels: Tensor) throws -> [[Float]] { try logits(.pixels(pixels)) }
}

extension Tensor {
  /// The rows of a tensor [rows, columns], on the host.
  func rows() throws -> [[Float]] {
    let flat = try floats()
    guard let columns = shape.last, columns > 0 else { return [] }
    return stride(from: 0, to: flat.count, by: columns).map { Array(flat[$0..<($0 + columns)]) }
  }
}

internal import Checkpoints
internal import Content
internal import Models
internal import Optimization
internal import RandomNumbers
internal import Torch

/// Gradients and logits of images.
final class ImageComputation: MicroBatchComputation {
  private let checkpoint: CheckpointFolder
  private let methods: [AdaptationMethod]
  private let precision: Precision
  private let labels: Int
  private let items: ItemStore
  private let device: Device
  /// One arm is worked on at a time.
  private var current: (method: Int, model: ImageClassifier)?

  init(
    checkpoint: CheckpointFolder, methods: [AdaptationMethod], precision: Precision, labels: Int, items: ItemStore,
    device: Device
  ) {
    self.precision = precision
    self.checkpoint = checkpoint
    self.methods = methods
    self.labels = labels
    self.items = items
    self.device = device
  }

  func lacking(_ positions: [Int]) -> [WantedContent] { items.lacking(positions) }

  func parameterCount(method: Int) throws -> Int { try model(method).layout.count }

  func load(_ parameters: UnsafeBufferPointer<Float>, method: Int) throws {
    try model(method).load(parameters: parameters)
  }

  func lossSum(method: Int, items positions: [Int], dropout: RandomKey, gradient: FloatBuffer) throws -> Double {
    let model = try model(method)
    let batch = try items.batch(positions)
    return try model.gradientSum(
      pixels: batch.pixels, labels: batch.labels,
      dropout: methods[method].hasDropout ? positions.map { dropout[$0] } : [], into: gradient.pointer)
  }

  func logits(method: Int, items positions: [Int]) throws -> [Float] {
    try model(method).logits(pixels: try items.batch(positions).pixels).flatMap(\.self)
  }

  private func model(_ method: Int) throws -> ImageClassifier {
    if let current, current.method == method { return current.model }
    guard methods.indices.contains(method) else {
      throw WorkerError(.failure, "a run names method \(method), but the welcome listed \(methods.count)")
    }
    // What another arm held is freed before this one's model is made.
    current = nil
    let model = try ImageClassifier(
      checkpoint: checkpoint, method: methods[method], labels: labels, precision: precision, device: device)
    current = (method, model)
    return model
  }
}

import Checkpoints
import Foundation
import Models
import Planning
import Support
import Torch
import Worker

/// A model and random items for it, as a worker holds them.
final class StepWorkload: MicroBatchComputation {
  let layout: TrainableLayout
  private let load: (UnsafeBufferPointer<Float>) throws -> Void
  /// The summed loss of some items; writes the gradient.
  private let lossSum: ([Int], FloatBuffer) throws -> Double

  /// The key of all random numbers of a benchmark.
  static let key = RandomKey(seed: 0)

  /// Items are numbered from 0; their random content is always the same.
  init(_ settings: StepSettings, checkpoint: CheckpointFolder) throws {
    let (precision, device) = (settings.precision, settings.device)
    switch checkpoint.configuration {
    case .llama(let configuration):
      let classifier = try TextClassifier(
        checkpoint: checkpoint, method: settings.method, labels: 2, precision: precision, device: device)
      func tokens(_ item: Int) -> [Int] {
        var generator = Self.key[.tokens][item].generator
        return (0..<settings.length).map { _ in generator.index(below: configuration.vocabularySize) }
      }
      layout = classifier.layout
      load = { try classifier.load(parameters: $0) }
      lossSum = { items, gradient in
        try classifier.gradientSum(
          TokenBatch(tokens: items.map(tokens)), labels: items.map(RandomImages.label), into: gradient.pointer)
      }
    default:
      let classifier = try ImageClassifier(
        checkpoint: checkpoint, method: settings.method, labels: 2, precision: precision, device: device)
      let images = RandomImages(shape: classifier.imageShape, count: .max, device: device)
      layout = classifier.layout
      load = { try classifier.load(parameters: $0) }
      lossSum = { items, gradient in
        try classifier.gradientSum(
          .pixels(try images.pixels(items: items)), labels: images.labels(items), into: gradient.pointer)
      }
    }
  }

  func parameterCount(method: Int) -> Int { layout.count }

  func load(_ parameters: UnsafeBufferPointer<Float>, method: Int) throws { try load(parameters) }

  func lossSum(method: Int, items: [Int], draws: RandomKey, gradient: FloatBuffer) throws -> Double {
    try lossSum(items, gradient)
  }

  func evaluate(method: Int, items: [Int], _ question: EvaluationQuestion) throws -> [Float] { [] }
}

/// The checkpoint of a benchmark: the user's folder, or a folder of random weights that is removed with this object.
final class StepCheckpoint {
  let folder: CheckpointFolder
  private let temporary: String?

  /// - Parameter head: the head of random weights.
  init(_ model: String, head: ModelHead = .classifier(labels: 2)) throws {
    guard let architecture = StepArchitecture(rawValue: model) else {
      guard FileManager.default.fileExists(atPath: model + "/config.json") else {
        let names = StepArchitecture.allCases.map(\.rawValue).joined(separator: ", ")
        throw BenchmarkError(
          "--arch \(model): expected one of \(names), or a checkpoint folder", exitStatus: .wrongInput)
      }
      temporary = nil
      folder = try CheckpointFolder(path: model)
      return
    }
    let path = "\(FileManager.default.temporaryDirectory.path)/tenbin-bench-\(getpid())"
    temporary = path
    // Converted random weights are removed with them.
    setenv("TENBIN_CACHE", path + "/cache", 1)
    let configuration = architecture.configuration
    try CheckpointWriter.writeCheckpoint(
      folder: path + "/model", configuration: configuration, head: head,
      preprocessing: configuration.imageSize.map { ImagePreprocessing(size: $0) }, labels: configuration.labels,
      values: RandomCheckpoint.values(
        configuration: configuration, head: head, key: StepWorkload.key[.weights]))
    folder = try CheckpointFolder(path: path + "/model")
  }

  deinit {
    if let temporary { try? FileManager.default.removeItem(atPath: temporary) }
  }
}

import Checkpoints
import Foundation
import Models
import RandomNumbers
import Torch

/// A model and one random batch for it, as a worker holds them.
struct StepWorkload {
  let layout: TrainableLayout
  let initialValues: [Float]
  /// The summed loss and gradient of the batch at some parameters, loaded first.
  let gradientSum: ([Float]) throws -> (lossSum: Double, gradient: [Float])

  /// What everything random in a benchmark is drawn from.
  static let key = RandomKey(seed: 0)

  /// - Parameter rank: which process this is; each has a batch of its own.
  init(_ settings: StepSettings, checkpoint: CheckpointFolder, rank: Int) throws {
    var generator = Self.key["batch"][rank].generator
    let labels = (0..<settings.batch).map { _ in generator.index(below: 2) }
    let (precision, device) = (settings.precision, settings.device)
    switch checkpoint.configuration {
    case .llama(let configuration):
      let classifier = try TextClassifier(
        checkpoint: checkpoint, method: settings.method, labels: 2, precision: precision, device: device)
      let batch = try TokenBatch(
        tokens: (0..<settings.batch).map { _ in
          (0..<settings.length).map { _ in generator.index(below: configuration.vocabularySize) }
        })
      layout = classifier.layout
      gradientSum = { values in
        try classifier.load(parameters: values)
        return try classifier.gradientSum(batch, labels: labels)
      }
    default:
      let classifier = try ImageClassifier(
        checkpoint: checkpoint, method: settings.method, labels: 2, precision: precision, device: device)
      let shape = [settings.batch] + classifier.imageShape
      let pixels = try Tensor.copying(
        (0..<shape.reduce(1, *)).map { _ in Float(generator.normal()) }, shape: shape, on: device)
      layout = classifier.layout
      gradientSum = { values in
        try classifier.load(parameters: values)
        return try classifier.gradientSum(pixels: pixels, labels: labels)
      }
    }
    initialValues = try layout.initialValues(from: checkpoint, key: Self.key["initial"])
  }
}

/// The checkpoint of a benchmark: a folder of the user's, or one of random weights that goes with this object.
final class StepCheckpoint {
  let folder: CheckpointFolder
  private let temporary: String?

  init(_ model: String) throws {
    guard let architecture = StepArchitecture(rawValue: model) else {
      guard FileManager.default.fileExists(atPath: model + "/config.json") else {
        let names = StepArchitecture.allCases.map(\.rawValue).joined(separator: ", ")
        throw BenchmarkError("--arch \(model): expected one of \(names), or a checkpoint folder")
      }
      temporary = nil
      folder = try CheckpointFolder(path: model)
      return
    }
    let path = "\(FileManager.default.temporaryDirectory.path)/tenbin-bench-\(getpid())"
    temporary = path
    // What is converted of random weights goes with them.
    setenv("TENBIN_CACHE", path + "/cache", 1)
    let configuration = architecture.configuration
    try CheckpointWriter.writeCheckpoint(
      folder: path + "/model", configuration: configuration,
      preprocessing: configuration.imageSize.map { ImagePreprocessing(size: $0) }, labels: configuration.labels,
      values: RandomCheckpoint.values(
        configuration: configuration, head: .classifier(labels: 2), key: StepWorkload.key["weights"]))
    folder = try CheckpointFolder(path: path + "/model")
  }

  deinit {
    if let temporary { try? FileManager.default.removeItem(atPath: temporary) }
  }
}

package import Checkpoints
import Foundation
import Models
package import Torch

/// Logits and probabilities of a checkpoint, with or without an adapter.
package struct Prediction {
  let checkpoint: CheckpointFolder
  let model: PredictionModel
  /// The names of the classes, by index; empty for a language model.
  let labels: [String]

  /// Items computed at a time.
  static let block = 32

  /// - Parameters:
  ///   - model: a Hugging Face checkpoint folder; without an adapter it must have a head.
  ///   - adapter: a PEFT folder made for that checkpoint.
  /// - Throws: the error of the first file that cannot be used.
  package init(model path: String, adapter: String?, precision: Precision, device: Device) throws {
    let checkpoint = try CheckpointFolder(path: path)
    let adapter = try adapter.map { try AdapterFolder(path: $0, base: checkpoint) }
    let head: ModelHead
    let values: [Float]
    if let adapter {
      (head, values, labels) = (adapter.layout.head, adapter.values, adapter.labels)
    } else if let count = checkpoint.headLabels {
      head = .classifier(labels: count)
      let layout = try TrainableLayout(configuration: checkpoint.configuration, method: .head, head: head)
      values = try layout.parameters.flatMap { try checkpoint.floats($0.name) }
      let names = checkpoint.configuration.labels
      labels = names.count == count ? names : (0..<count).map { "LABEL_\($0)" }
    } else if checkpoint.hasLanguageModelHead {
      (head, values, labels) = (.languageModel, [], [])
    } else {
      throw PredictionError(
        "\(path): the checkpoint has no head to predict with; name an adapter with --adapter")
    }
    model = try PredictionModel(
      checkpoint: checkpoint, method: adapter?.method ?? .head, head: head, precision: precision, device: device,
      values: values)
    self.checkpoint = checkpoint
  }

  /// Reads `pixel_values` [items, channels, height, width] as Float32, or `input_ids` [items, tokens] and
  /// `attention_mask` as whole numbers, and writes `logits`: [items, classes], or [items, tokens, vocabulary] for a
  /// language model.
  package func predict(tensors input: String, to output: String) throws {
    let file = try SafetensorsFile(path: input)
    let logits: NamedTensor
    switch model {
    case .images(let model): logits = try TensorInput(file).logits(images: model, block: Self.block)
    case .texts(let model): logits = try TensorInput(file).logits(texts: model, block: Self.block)
    case .language(let model): logits = try TensorInput(file).logits(language: model)
    }
    try logits.requireFinite(file: input)
    try SafetensorsWriter.write([logits], to: output)
  }
}

/// A model that is ready to compute, by what it reads.
enum PredictionModel {
  case images(ImageClassifier)
  case texts(TextClassifier)
  case language(LanguageModel)

  init(
    checkpoint: CheckpointFolder, method: AdaptationMethod, head: ModelHead, precision: Precision, device: Device,
    values: [Float]
  ) throws {
    switch head {
    case .languageModel:
      let model = try LanguageModel(checkpoint: checkpoint, method: method, precision: precision, device: device)
      try model.load(parameters: values)
      self = .language(model)
    case .classifier(let labels) where checkpoint.configuration.imageSize == nil:
      let model = try TextClassifier(
        checkpoint: checkpoint, method: method, labels: labels, precision: precision, device: device)
      try model.load(parameters: values)
      self = .texts(model)
    case .classifier(let labels):
      let model = try ImageClassifier(
        checkpoint: checkpoint, method: method, labels: labels, precision: precision, device: device)
      try model.load(parameters: values)
      self = .images(model)
    }
  }
}

internal import Checkpoints
internal import Datasets
internal import Foundation
internal import Models
internal import Safetensors
internal import Torch

/// Logits and probabilities of a checkpoint, with or without an adapter.
package struct Prediction {
  private let checkpoint: CheckpointFolder
  private let model: ImageClassifier
  private let labels: [String]

  /// Items computed at a time.
  private static let block = 32

  /// - Parameters:
  ///   - model: a Hugging Face checkpoint folder; without an adapter it must have a head.
  ///   - adapter: a PEFT folder made for that checkpoint.
  /// - Throws: the error of whichever file is not as it must be.
  package init(model: String, adapter: String?) throws {
    checkpoint = try CheckpointFolder(path: model)
    if let adapter {
      let folder = try AdapterFolder(path: adapter, base: checkpoint)
      labels = folder.labels
      self.model = try ImageClassifier(checkpoint: checkpoint, method: folder.method, labels: folder.labels.count)
      try self.model.load(parameters: folder.values)
    } else {
      guard let count = checkpoint.headLabels else {
        throw WorkerError(
          .failure, "\(model): the checkpoint has no head to predict with; name an adapter with --adapter")
      }
      labels =
        checkpoint.configuration.labels.count == count
        ? checkpoint.configuration.labels : (0..<count).map { "LABEL_\($0)" }
      let layout = try TrainableLayout(configuration: checkpoint.configuration, method: .head, labels: count)
      self.model = try ImageClassifier(checkpoint: checkpoint, method: .head, labels: count)
      try self.model.load(parameters: try layout.parameters.flatMap { try checkpoint.floats($0.name) })
    }
  }

  /// Reads `pixel_values` [items, channels, height, width] as Float32 and writes `logits` [items, classes].
  package func predict(tensors input: String, to output: String) throws {
    let file = try SafetensorsFile(path: input)
    guard let entry = file.entry("pixel_values"), entry.shape.count == 4, entry.shape[0] > 0 else {
      throw WorkerError(
        .failure, "\(input): expected a tensor pixel_values [items, channels, height, width], found \(file.names)")
    }
    let values = try file.floats("pixel_values")
    let size = values.count / entry.shape[0]
    var logits: [Float] = []
    for first in stride(from: 0, to: entry.shape[0], by: Self.block) {
      let count = min(Self.block, entry.shape[0] - first)
      let pixels = try Tensor.copying(
        Array(values[first * size..<(first + count) * size]), shape: [count] + entry.shape.dropFirst())
      logits += try model.logits(pixels: pixels).joined()
    }
    try SafetensorsWriter.write(
      [NamedTensor(name: "logits", shape: [entry.shape[0], labels.count], floats: logits)], to: output)
  }

  /// Reads the images that the column `path` of a CSV file names and writes a probability for every class.
  package func predict(manifest input: String, pathColumn: String, to output: String) throws {
    let table = try CommaSeparatedValues(file: input)
    guard let column = table.column(pathColumn) else {
      throw WorkerError(
        .failure, "\(input): no column \"\(pathColumn)\"; the columns are \(table.header.joined(separator: ", "))")
    }
    let folder = URL(filePath: input).deletingLastPathComponent()
    let preprocessor = ImagePreprocessor(checkpoint.preprocessing, imageSize: checkpoint.configuration.imageSize)
    var writer = CommaSeparatedValuesWriter(header: [pathColumn, "prediction"] + labels.map { "probability_\($0)" })
    for first in stride(from: 0, to: table.rows.count, by: Self.block) {
      let rows = table.rows[first..<min(first + Self.block, table.rows.count)]
      let images = try rows.map { row in
        let name = row.fields[column]
        let path = name.hasPrefix("/") ? name : folder.appending(path: name).path(percentEncoded: false)
        let image = try RGBImage(
          decoding: try Self.bytes(of: path, row: row, in: input), name: "\(input), line \(row.line): \(path)")
        return try preprocessor.resized(width: image.width, height: image.height, rgb: image.bytes)
      }
      for (row, logits) in zip(rows, try model.logits(pixels: try preprocessor.pixels(resized: images))) {
        let probabilities = Self.softmax(logits)
        let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
        writer.append([row.fields[column], labels[best]] + probabilities.map { "\($0)" })
      }
    }
    try FileBytes.write(writer.bytes, to: output)
  }

  private static func bytes(
    of path: String, row: CommaSeparatedValues.Row, in file: String
  ) throws(WorkerError) -> [UInt8] {
    do throws(FileError) {
      return try FileBytes.read(path)
    } catch {
      throw WorkerError(.failure, "\(file), line \(row.line): \(error)")
    }
  }

  /// In Float64, after subtracting the largest logit.
  private static func softmax(_ logits: [Float]) -> [Double] {
    let largest = logits.max() ?? 0
    let powers = logits.map { exp(Double($0 - largest)) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}

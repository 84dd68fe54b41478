import Checkpoints
import Foundation
import Support
import TestSupport

/// A ViT of odd shapes.
let tiny = ViTConfiguration(
  hiddenSize: 12, layerCount: 3, headCount: 3, intermediateSize: 20, imageSize: ImageExtent(height: 8, width: 12),
  patchSize: ImageExtent(side: 4), labels: ["cat", "dog"])

extension TemporaryFolder {
  /// Writes a checkpoint of `configuration` that was never trained and returns its path.
  func checkpoint(_ configuration: ViTConfiguration = tiny, name: String = "base") throws -> String {
    let model = ModelConfiguration.vit(configuration)
    let values = RandomCheckpoint.values(
      configuration: model, head: .classifier(labels: configuration.labels.count), key: RandomKey(seed: 11))
    let folder = "\(path)/\(name)"
    try CheckpointWriter.writeCheckpoint(
      folder: folder, configuration: model, preprocessing: ImagePreprocessing(size: configuration.imageSize),
      labels: configuration.labels, values: values)
    return folder
  }

  /// Rewrites the tensors of the checkpoint in `folder`.
  func rewrite(_ folder: String, _ change: (NamedTensor) -> NamedTensor?) throws {
    let path = folder + "/model.safetensors"
    let file = try SafetensorsFile(path: path)
    let tensors = try file.names.compactMap { name in
      change(NamedTensor(name: name, shape: file.entry(name)?.shape ?? [], floats: try file.floats(name)))
    }
    try SafetensorsWriter.write(tensors, to: path)
  }

  /// Sets or, with nil, removes keys of the JSON file at `path`.
  func edit(_ path: String, _ changes: [String: Any?]) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    var object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    for (key, value) in changes { object[key] = value }
    try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: path))
  }
}

extension NamedTensor {
  /// The same values under another name or shape.
  func with(name: String? = nil, shape: [Int]? = nil) -> NamedTensor {
    NamedTensor(name: name ?? self.name, type: type, shape: shape ?? self.shape, bytes: bytes)
  }
}

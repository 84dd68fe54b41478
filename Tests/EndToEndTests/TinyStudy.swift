import Checkpoints
import Foundation
import Quickstart
import Support
import TestSupport

/// A folder with a few faces, a very small random base and specifications, for audits that take seconds.
final class TinyStudy {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }

  init() throws {
    temporary = try TemporaryFolder()
    _ = try FaceGenerator(key: RandomKey(seed: 3)["end to end"])
      .write(persons: 60, imagesPerPerson: 3, to: "\(folder)/data")
    let configuration = ModelConfiguration.vit(
      ViTConfiguration(
        hiddenSize: 24, layerCount: 2, headCount: 2, intermediateSize: 48, imageSize: ImageExtent(side: 16),
        patchSize: ImageExtent(side: 4), labels: ["a", "b", "c"]))
    try CheckpointWriter.writeCheckpoint(
      folder: "\(folder)/base", configuration: configuration,
      preprocessing: ImagePreprocessing(
        size: ImageExtent(side: 16), normalization: .init(mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])),
      labels: ["a", "b", "c"],
      values: RandomCheckpoint.values(
        configuration: configuration, head: .classifier(labels: 3), key: RandomKey(seed: 4)))
    try write(Self.specification, to: "audit.yaml")
  }

  /// Puts a random ViT of several megabytes in the place of the base.
  func replaceBaseWithLargerViT() throws {
    let configuration = ModelConfiguration.vit(
      ViTConfiguration(
        hiddenSize: 192, layerCount: 3, headCount: 2, intermediateSize: 768, imageSize: ImageExtent(side: 16),
        patchSize: ImageExtent(side: 4), labels: ["a", "b", "c"]))
    try CheckpointWriter.writeCheckpoint(
      folder: "\(folder)/base", configuration: configuration,
      preprocessing: ImagePreprocessing(
        size: ImageExtent(side: 16), normalization: .init(mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])),
      labels: ["a", "b", "c"],
      values: RandomCheckpoint.values(
        configuration: configuration, head: .classifier(labels: 3), key: RandomKey(seed: 4)))
  }

  /// Puts a small random Swin-v2 in the place of the base.
  func replaceBaseWithSwinv2() throws {
    let configuration = ModelConfiguration.swinv2(
      Swinv2Configuration(
        imageSize: ImageExtent(side: 16), patchSize: ImageExtent(side: 2), embeddingSize: 12, depths: [2, 1],
        headCounts: [2, 3], windowSize: 3, labels: ["a", "b", "c"]))
    try CheckpointWriter.writeCheckpoint(
      folder: "\(folder)/base", configuration: configuration,
      preprocessing: ImagePreprocessing(size: ImageExtent(side: 16)), labels: ["a", "b", "c"],
      values: RandomCheckpoint.values(
        configuration: configuration, head: .classifier(labels: 3), key: RandomKey(seed: 4)))
  }

  static let specification = """
    name: tiny
    base: base
    task: image-classification
    data:
      manifest: data/faces.csv
      label: expression
      positive: smiling
      groups: [lighting, age]
      cluster: person
      split: {train: 0.5, validation: 0.1, test: 0.4, seed: 13, stratify: [expression, lighting]}
    arms:
      - head
      - lora: {rank: 2, alpha: 8, targets: [query, v_proj]}
      - lora: {rank: 4, alpha: 8, targets: [query, value, fc1], layers: {last: 1}}
      - full
    training: {epochs: 2, batch: 16, microbatch: 4, lora: {rate: 3e-3}, full: {rate: 1e-3}}
    seeds: [13, 42]
    privacy: {attacks: [lira, loss], models: 6, pool: 60, packed: 4}
    report: {samples: 1}

    """

  /// The specification with other arms, in YAML's flow style, and without shadow models.
  static func specification(arms: String) -> String {
    let start = specification.prefix(upTo: specification.firstRange(of: "arms:")?.lowerBound ?? specification.endIndex)
    return start + """
      arms: \(arms)
      training: {epochs: 2, batch: 16, microbatch: 4, lora: {rate: 3e-3}, full: {rate: 1e-3}}
      seeds: [13, 42]

      """
  }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  func write(_ text: String, to name: String) throws {
    try temporary.write(text, to: name)
  }

  func read(_ name: String) throws -> Data {
    try Data(contentsOf: URL(filePath: path(name)))
  }

  /// The names in a folder; none where there is no such folder.
  func files(in name: String) throws -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path(name))) ?? []
  }

  /// Writes a variant of the specification, or of any other file.
  func write(replacing old: String, with new: String, in text: String = specification, to name: String) throws {
    try write(text.replacing(old, with: new), to: name)
  }
}

import Foundation
package import Safetensors

/// A Hugging Face checkpoint folder: config.json, preprocessor_config.json and model.safetensors, checked as a whole.
///
/// Its tensors are asked for by canonical names: those on disk, with the architecture's prefix even where the file, that
/// of a model without a head, leaves it out.
package final class CheckpointFolder: Sendable {
  package let path: String
  package let configuration: ModelConfiguration
  package let preprocessing: ImagePreprocessing
  /// The number of classes of the head in the file, nil where it has none.
  package let headLabels: Int?
  /// The tensors, memory-mapped.
  package let file: SafetensorsFile
  private let fileNames: [String: String]

  /// Opens the folder at `path`. Throws `CheckpointError` or `SafetensorsError`.
  package init(path: String) throws {
    let weights = path + "/model.safetensors"
    configuration = try ModelConfiguration.read(file: try Self.existing(path, "config.json"))
    try Self.refuseOtherFormats(path, weights: weights)
    preprocessing = try ImagePreprocessing.read(file: try Self.existing(path, "preprocessor_config.json"))
    let file = try SafetensorsFile(path: weights)
    let matched = try TensorMatch(file: file, architecture: configuration.architecture)
    self.path = path
    self.file = file
    fileNames = matched.fileNames
    headLabels = matched.headLabels
  }

  /// The tensor `canonicalName` as 32-bit floats, row by row.
  package func floats(_ canonicalName: String) throws -> [Float] { try file.floats(try fileName(canonicalName)) }

  /// The type and shape of the tensor `canonicalName`, or nil.
  package func entry(_ canonicalName: String) -> TensorEntry? { fileNames[canonicalName].flatMap(file.entry) }

  /// The shape of the tensor `canonicalName`, or nil.
  package func shape(_ canonicalName: String) -> [Int]? { entry(canonicalName)?.shape }

  /// The 32-bit floats of the tensor `canonicalName` in the memory map, valid as long as this object lives; nil where
  /// the file holds them in another precision.
  package func mappedFloats(_ canonicalName: String) throws -> UnsafeRawBufferPointer? {
    let name = try fileName(canonicalName)
    return file.entry(name)?.type == .float32 ? try file.bytes(name) : nil
  }

  /// The flat buffer of the `.full` layout for the file's own head: the whole model.
  package func fullValues() throws -> [Float] {
    let architecture = configuration.architecture
    let tensors = architecture.backboneTensors + (headLabels.map(architecture.headTensors) ?? [])
    return try tensors.flatMap { try floats($0.name) }
  }

  private func fileName(_ canonicalName: String) throws(CheckpointError) -> String {
    guard let name = fileNames[canonicalName] else {
      throw CheckpointError(file: file.path, problem: .missingTensor(name: canonicalName))
    }
    return name
  }

  private static func existing(_ folder: String, _ name: String) throws(CheckpointError) -> String {
    let path = "\(folder)/\(name)"
    guard FileManager.default.fileExists(atPath: path) else {
      throw CheckpointError(file: folder, problem: .missingFile(expected: name))
    }
    return path
  }

  private static func refuseOtherFormats(_ folder: String, weights: String) throws(CheckpointError) {
    let files = FileManager.default
    if files.fileExists(atPath: weights) { return }
    for pickle in ["pytorch_model.bin", "pytorch_model.bin.index.json"]
    where files.fileExists(atPath: "\(folder)/\(pickle)") {
      throw CheckpointError(file: folder, problem: .pickle(found: pickle))
    }
    throw CheckpointError(file: folder, problem: .missingFile(expected: "model.safetensors"))
  }
}

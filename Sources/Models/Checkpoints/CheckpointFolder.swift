import Foundation

/// A Hugging Face checkpoint folder: config.json, weights as safetensors, and preprocessor_config.json for images;
/// checked as a whole.
///
/// Its tensors are read by canonical names: the names on disk, with the architecture's prefix even where the file,
/// that of a model without a head, leaves it out.
package final class CheckpointFolder: Sendable {
  package let path: String
  package let configuration: ModelConfiguration
  /// How images become pixels, nil for a model of text.
  package let preprocessing: ImagePreprocessing?
  /// The number of classes of the head in the file, nil if it has none.
  package let headLabels: Int?
  /// Whether the checkpoint predicts tokens: with a matrix of its own, or with its embedding matrix.
  package let hasLanguageModelHead: Bool
  /// The tensors, memory-mapped.
  package let weights: WeightFiles
  private let fileNames: [String: String]

  /// Opens the folder at `path`. Throws `CheckpointError` or `SafetensorsError`.
  package init(path: String) throws {
    func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }
    guard holds("config.json") || !holds("adapter_config.json") else {
      throw CheckpointError(file: path, problem: .adapter)
    }
    configuration = try ModelConfiguration.read(file: try Self.existing(path, "config.json"))
    weights = try WeightFiles(folder: path, pickles: ["pytorch_model.bin", "pytorch_model.bin.index.json"])
    preprocessing =
      configuration.imageSize == nil
      ? nil : try ImagePreprocessing.read(file: try Self.existing(path, "preprocessor_config.json"))
    let matched = try TensorMatch(weights: weights, architecture: configuration.architecture)
    self.path = path
    fileNames = matched.fileNames
    headLabels = matched.headLabels
    hasLanguageModelHead = matched.hasLanguageModelHead
  }

  /// The files that decide what the model computes, by name.
  package var fileNamesOfContent: [String] {
    ["config.json"] + (preprocessing == nil ? TokenizerFiles.present(in: path) : ["preprocessor_config.json"])
      + weights.files.map { URL(fileURLWithPath: $0.path).lastPathComponent }.sorted()
  }

  /// The names of the tensors that the model can use, sorted.
  package var canonicalNames: [String] { fileNames.keys.sorted() }

  /// The tensor `canonicalName` as 32-bit floats, row by row.
  package func floats(_ canonicalName: String) throws -> [Float] { try weights.floats(try fileName(canonicalName)) }

  /// The type and shape of the tensor `canonicalName`, or nil.
  package func entry(_ canonicalName: String) -> TensorEntry? { fileNames[canonicalName].flatMap(weights.entry) }

  /// The shape of the tensor `canonicalName`, or nil.
  package func shape(_ canonicalName: String) -> [Int]? { entry(canonicalName)?.shape }

  /// The flat buffer of the `.full` layout for the file's own head: the whole model.
  package func fullValues() throws -> [Float] {
    let head: ModelHead = headLabels.map { .classifier(labels: $0) } ?? .languageModel
    let layout = try TrainableLayout(configuration: configuration, method: .full, head: head)
    return try layout.parameters.flatMap { try floats($0.name) }
  }

  /// The name in the file of the tensor `canonicalName`.
  package func fileName(_ canonicalName: String) throws(CheckpointError) -> String {
    guard let name = fileNames[canonicalName] else {
      throw CheckpointError(file: weights.path, problem: .missingTensor(name: canonicalName))
    }
    return name
  }

  /// Throws if something that `head` needs, and that training does not create, is missing in the checkpoint.
  package func require(_ head: ModelHead) throws(CheckpointError) {
    guard head == .languageModel, !hasLanguageModelHead else { return }
    throw CheckpointError(file: weights.path, problem: .missingTensor(name: "lm_head.weight"))
  }

  private static func existing(_ folder: String, _ name: String) throws(CheckpointError) -> String {
    let path = "\(folder)/\(name)"
    guard FileManager.default.fileExists(atPath: path) else {
      throw CheckpointError(file: folder, problem: .missingFile(expected: name))
    }
    return path
  }
}

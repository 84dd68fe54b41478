import Foundation
package import Support

/// The tensors of a checkpoint, memory-mapped, in one safetensors file or in shards that an index lists.
package struct WeightFiles: Sendable {
  /// The file or the index: what errors speak of.
  package let path: String
  package let files: [SafetensorsFile]
  /// The names of all tensors, sorted.
  package let names: [String]
  private let owners: [String: Int]

  /// Opens `name`.safetensors in `folder`, or the shards of `name`.safetensors.index.json.
  ///
  /// Throws `CheckpointError` if there is neither, or if index and shards disagree; `SafetensorsError` if a file
  /// is damaged.
  package init(folder: String, name: String = "model", pickles: [String]) throws {
    let single = "\(folder)/\(name).safetensors"
    let index = single + ".index.json"
    let disk = FileManager.default
    if disk.fileExists(atPath: single) {
      try self.init(path: single, files: [try SafetensorsFile(path: single)])
    } else if disk.fileExists(atPath: index) {
      let weightMap = try JSONFile.read(Index.self, at: index).weightMap
      let shards = Set(weightMap.values).sorted()
      for shard in shards where shard.contains("/") || !disk.fileExists(atPath: "\(folder)/\(shard)") {
        throw CheckpointError(file: index, problem: .missingFile(expected: "the shard \(shard)"))
      }
      try self.init(path: index, files: try shards.map { try SafetensorsFile(path: "\(folder)/\($0)") })
      let lost = weightMap.filter { entry($0.key) == nil }.keys.sorted()
      guard lost.isEmpty else {
        throw CheckpointError(file: index, problem: .tensors(missing: lost, misshapen: [], surplus: []))
      }
    } else if let pickle = pickles.first(where: { disk.fileExists(atPath: "\(folder)/\($0)") }) {
      throw CheckpointError(file: folder, problem: .pickle(found: pickle))
    } else {
      throw CheckpointError(file: folder, problem: .missingFile(expected: "\(name).safetensors"))
    }
  }

  init(path: String, files: [SafetensorsFile]) throws(CheckpointError) {
    var owners: [String: Int] = [:]
    var twice: [String] = []
    for (index, file) in files.enumerated() {
      for name in file.names where owners.updateValue(index, forKey: name) != nil { twice.append(name) }
    }
    guard twice.isEmpty else {
      throw CheckpointError(
        file: path, problem: .tensors(missing: [], misshapen: [], surplus: twice.map { "\($0) (in two shards)" }))
    }
    self.path = path
    self.files = files
    self.owners = owners
    names = owners.keys.sorted()
  }

  /// The type and shape of the tensor `name`, or nil.
  package func entry(_ name: String) -> TensorEntry? { owners[name].flatMap { files[$0].entry(name) } }

  /// The little-endian bytes of the tensor `name`, row by row, valid as long as `owner(name)` lives.
  package func bytes(_ name: String) throws -> UnsafeRawBufferPointer { try owner(name).bytes(name) }

  /// The elements of the tensor `name` as 32-bit floats.
  package func floats(_ name: String) throws -> [Float] { try owner(name).floats(name) }

  /// The file that keeps the bytes of the tensor `name` mapped.
  package func owner(_ name: String) throws(CheckpointError) -> SafetensorsFile {
    guard let index = owners[name] else { throw CheckpointError(file: path, problem: .missingTensor(name: name)) }
    return files[index]
  }

  private struct Index: Decodable {
    let weightMap: [String: String]

    enum CodingKeys: String, CodingKey {
      case weightMap = "weight_map"
    }
  }
}

/// A file that decides what a checkpoint's model computes.
package struct CheckpointFile: Hashable, Sendable {
  package let name: String
  package let bytes: Int
  package let content: ContentHash

  package init(name: String, bytes: Int, content: ContentHash) {
    self.name = name
    self.bytes = bytes
    self.content = content
  }
}

extension CheckpointFolder {
  /// The files that the model is made of, with their digests.
  package func contentFiles() throws -> [CheckpointFile] {
    try fileNamesOfContent.map { name in
      let file = "\(path)/\(name)"
      let content = try ContentIdentity.hash(ofFile: file)
      return CheckpointFile(name: name, bytes: try ContentIdentity.size(ofFile: file), content: content)
    }
  }
}

extension ContentHash {
  /// The digest of a checkpoint that is made of these files.
  package init(ofCheckpoint files: [CheckpointFile]) {
    var hasher = ContentHasher()
    for file in files {
      hasher.combine(file.name)
      hasher.combine(file.content)
    }
    self = hasher.finish()
  }
}

/// The pairing of a checkpoint's tensors with those an architecture needs; all disagreements come as one error.
struct TensorMatch {
  /// The name in the file of each canonical name.
  private(set) var fileNames: [String: String] = [:]
  /// The number of classes of the head in the file, nil if it has none.
  let headLabels: Int?
  /// Whether the file holds what predicting tokens needs.
  let hasLanguageModelHead: Bool

  init(weights: WeightFiles, architecture: any ModelArchitecture) throws(CheckpointError) {
    let prefix = type(of: architecture).prefix
    let hasPrefix = weights.names.contains { $0.hasPrefix(prefix) }
    var missing: [String] = []
    var misshapen: [String] = []

    // The head's size is the file's own affair: another number of classes gets a new head.
    let headWeight = architecture.headTensors(.classifier(labels: 1)).first?.name
    let headLabels = headWeight.flatMap(weights.entry)?.shape.first
    let tokenHead = architecture.headTensors(.languageModel)
    hasLanguageModelHead = architecture.predictsTokens && tokenHead.allSatisfy { weights.entry($0.name) != nil }
    self.headLabels = headLabels
    var expected = architecture.backboneTensors
    if let headLabels { expected += architecture.headTensors(.classifier(labels: headLabels)) }
    if hasLanguageModelHead { expected += tokenHead }
    for tensor in expected {
      let isBackbone = tensor.name.hasPrefix(prefix)
      let name = hasPrefix || !isBackbone ? tensor.name : String(tensor.name.dropFirst(prefix.count))
      guard let entry = weights.entry(name) else {
        missing.append("\(name) \(tensor.shape)")
        continue
      }
      if entry.shape != tensor.shape {
        misshapen.append("\(name) (expected \(tensor.shape), found \(entry.shape))")
      } else if ![.float32, .float16, .bfloat16].contains(entry.type) {
        misshapen.append("\(name) (expected F32, F16 or BF16, found \(entry.type.rawValue))")
      }
      fileNames[tensor.name] = name
    }
    let used = Set(fileNames.values)
    let surplus = weights.names.filter { name in
      !used.contains(name) && !architecture.ignores(hasPrefix ? name : prefix + name)
    }
    guard missing.isEmpty, misshapen.isEmpty, surplus.isEmpty else {
      throw CheckpointError(
        file: weights.path, problem: .tensors(missing: missing, misshapen: misshapen, surplus: surplus))
    }
  }
}

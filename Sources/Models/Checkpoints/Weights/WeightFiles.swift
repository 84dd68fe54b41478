import Foundation

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
  /// Throws `CheckpointError` where there is neither, or where index and shards disagree; `SafetensorsError` where a file
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

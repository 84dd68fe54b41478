import Checkpoints
import Foundation
import TestSupport
import Testing

/// Serialized, because the cache's folder is the process's.
@Suite(.serialized) struct FrozenWeightsTests {
  private let folder: TemporaryFolder
  private let path: String
  private let embeddings = "model.embed_tokens.weight"

  /// A checkpoint of zeros and ones in half precision, too large to be converted by each process for itself.
  init() throws {
    folder = try TemporaryFolder()
    path = folder.path + "/model"
    let configuration = LlamaConfiguration(
      family: .llama, vocabularySize: 600_000, hiddenSize: 64, intermediateSize: 8, layerCount: 1, headCount: 1,
      tiesEmbeddings: true)
    try CheckpointWriter.writeCheckpoint(
      folder: path, configuration: .llama(configuration), head: .languageModel, preprocessing: nil, labels: [],
      values: [Float](repeating: 0, count: configuration.backboneTensors.reduce(0) { $0 + $1.count }))
    let one = Float16(1).bitPattern.littleEndian
    try SafetensorsWriter.write(
      configuration.backboneTensors.map { TensorDescription(name: $0.name, type: .float16, shape: $0.shape) },
      to: path + "/model.safetensors"
    ) { tensor in
      var bytes = Data(count: tensor.byteCount ?? 0)
      bytes.withUnsafeMutableBytes { $0.storeBytes(of: one, as: UInt16.self) }
      return bytes
    }
    setenv("TENBIN_CACHE", folder.path + "/cache", 1)
  }

  private func mapped(_ weights: FrozenWeights) throws -> (bytes: UnsafeRawBufferPointer, owner: SafetensorsFile) {
    guard case .mapped(let bytes, let owner) = try weights.storage(embeddings) else {
      throw CheckpointError(file: path, problem: .missingTensor(name: "a map of \(embeddings)"))
    }
    return (bytes, owner)
  }

  @Test("A large base in another precision is converted once into the host's cache, which later ones map")
  func conversion() throws {
    let checkpoint = try CheckpointFolder(path: path)
    let first = try mapped(try FrozenWeights(checkpoint: checkpoint, precision: .bfloat16))
    #expect(first.owner.path.hasPrefix(folder.path + "/cache/weights/"))
    #expect(first.bytes.count == 2 * 600_000 * 64)
    #expect(first.bytes.loadUnaligned(as: UInt16.self) == 0x3F80)
    #expect(first.bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self) == 0)
    let before = try FileManager.default.attributesOfItem(atPath: first.owner.path)[.systemFileNumber] as? Int
    let second = try mapped(try FrozenWeights(checkpoint: try CheckpointFolder(path: path), precision: .bfloat16))
    let after = try FileManager.default.attributesOfItem(atPath: second.owner.path)[.systemFileNumber] as? Int
    #expect(first.owner.path == second.owner.path && before == after && before != nil)
  }

  @Test("A base that changes is converted anew, under another name")
  func change() throws {
    let first = try mapped(try FrozenWeights(checkpoint: try CheckpointFolder(path: path), precision: .bfloat16))
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path + "/model.safetensors"))
    try file.seek(toOffset: try file.seekToEnd() - 2)
    try file.write(contentsOf: withUnsafeBytes(of: Float16(2).bitPattern.littleEndian) { Data($0) })
    try file.close()
    let second = try mapped(try FrozenWeights(checkpoint: try CheckpointFolder(path: path), precision: .bfloat16))
    #expect(first.owner.path != second.owner.path)
  }

  @Test("A converted file that was cut is made again, what a killed conversion left goes, and training needs none")
  func repair() throws {
    let checkpoint = try CheckpointFolder(path: path)
    let whole = try mapped(try FrozenWeights(checkpoint: checkpoint, precision: .bfloat16))
    let (cache, name) = (folder.path + "/cache/weights", URL(fileURLWithPath: whole.owner.path).lastPathComponent)
    try folder.write("half of it", to: "cache/weights/.\(name).1.partial")
    try FileManager.default.removeItem(atPath: whole.owner.path)
    try folder.write("cut", to: "cache/weights/\(name)")
    let again = try mapped(try FrozenWeights(checkpoint: checkpoint, precision: .bfloat16))
    #expect(again.bytes.loadUnaligned(as: UInt16.self) == 0x3F80)
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache).sorted() == [name, name + ".lock"])
    try FileManager.default.removeItem(atPath: cache)
    _ = try FrozenWeights(checkpoint: checkpoint, precision: .float32, trained: Set(checkpoint.canonicalNames))
    #expect(!FileManager.default.fileExists(atPath: cache))
  }

  @Test("A cache that cannot be written is named, with the way to another")
  func unwritable() throws {
    try folder.write("a file", to: "blocked")
    setenv("TENBIN_CACHE", folder.path + "/blocked", 1)
    let error = #expect(throws: CheckpointError.self) {
      try FrozenWeights(checkpoint: try CheckpointFolder(path: path), precision: .bfloat16)
    }
    #expect(error?.description.contains("TENBIN_CACHE") == true)
  }
}

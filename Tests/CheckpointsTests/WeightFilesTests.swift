import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite struct WeightFilesTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = try folder.checkpoint()
  }

  /// Cuts the checkpoint's file into two shards with an index.
  private func shard(change: (inout [String: String]) -> Void = { _ in }) throws {
    let file = try SafetensorsFile(path: path + "/model.safetensors")
    var places: [String: String] = [:]
    for (number, names) in [file.names.prefix(9), file.names.dropFirst(9)].enumerated() {
      let shard = "model-0000\(number + 1)-of-00002.safetensors"
      for name in names { places[name] = shard }
      try SafetensorsWriter.write(
        names.map { NamedTensor(name: $0, shape: file.entry($0)?.shape ?? [], floats: try file.floats($0)) },
        to: "\(path)/\(shard)")
    }
    change(&places)
    try JSONSerialization.data(withJSONObject: ["metadata": ["total_size": 1], "weight_map": places])
      .write(to: URL(fileURLWithPath: path + "/model.safetensors.index.json"))
    try FileManager.default.removeItem(atPath: path + "/model.safetensors")
  }

  @Test("A checkpoint in shards is the checkpoint in one file")
  func shards() throws {
    let single = try CheckpointFolder(path: path).fullValues()
    try shard()
    let sharded = try CheckpointFolder(path: path)
    #expect(try sharded.fullValues() == single)
    #expect(sharded.fileNamesOfContent.count == 4)
  }

  @Test("An index that names a shard which is not there, or a tensor that is in none, is refused with the name")
  func brokenIndices() throws {
    try shard { $0["vit.layernorm.bias"] = "model-00003-of-00002.safetensors" }
    let missing = #expect(throws: CheckpointError.self) { try CheckpointFolder(path: path) }
    #expect(missing?.description.contains("model-00003") == true)
    let index = path + "/model.safetensors.index.json"
    try folder.edit(index, ["weight_map": ["vit.nowhere": "model-00001-of-00002.safetensors"]])
    let lost = #expect(throws: CheckpointError.self) { try CheckpointFolder(path: path) }
    #expect(lost?.description.contains("vit.nowhere") == true)
    try folder.edit(index, ["weight_map": ["vit.layernorm.bias": "../base/config.json"]])
    #expect(throws: CheckpointError.self) { try CheckpointFolder(path: path) }
    try folder.edit(index, ["weight_map": nil])
    #expect(throws: CheckpointError.self) { try CheckpointFolder(path: path) }
  }

  @Test("A tensor that two shards hold is refused with its name")
  func duplicates() throws {
    try shard()
    let first = "\(path)/model-00001-of-00002.safetensors"
    let file = try SafetensorsFile(path: first)
    let tensors = try file.names.map { name in
      NamedTensor(name: name, shape: file.entry(name)?.shape ?? [], floats: try file.floats(name))
    }
    let twice = NamedTensor(name: "vit.layernorm.bias", shape: [1], floats: [1])
    try SafetensorsWriter.write(tensors + [twice], to: first)
    let error = #expect(throws: CheckpointError.self) { try CheckpointFolder(path: path) }
    #expect(error?.description.contains("vit.layernorm.bias") == true)
  }

  @Test("Weights in half precision are read as the same values, and frozen ones are converted once")
  func halves() throws {
    let before = try CheckpointFolder(path: path)
    let name = "vit.encoder.layer.1.output.dense.weight"
    let values = try before.floats(name)
    let file = try SafetensorsFile(path: path + "/model.safetensors")
    let halves = try file.names.map { name in
      let words = try file.floats(name).map { Float16($0).bitPattern.littleEndian }
      return NamedTensor(
        name: name, type: .float16, shape: file.entry(name)?.shape ?? [], bytes: words.withUnsafeBytes { Data($0) })
    }
    try SafetensorsWriter.write(halves, to: path + "/model.safetensors")
    let after = try CheckpointFolder(path: path)
    #expect(try after.floats(name) == values.map { Float(Float16($0)) })
    let frozen = try FrozenWeights(checkpoint: after, precision: .bfloat16)
    guard case .copied(let data) = try frozen.storage(name) else {
      Issue.record("expected a private copy of so small a tensor")
      return
    }
    #expect(data.count == 2 * values.count)
    guard case .mapped = try FrozenWeights(checkpoint: before, precision: .float32).storage(name) else {
      Issue.record("expected the memory map of the file")
      return
    }
  }
}

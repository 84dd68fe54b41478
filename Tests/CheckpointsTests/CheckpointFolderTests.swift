import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite struct CheckpointFolderTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = try folder.checkpoint()
  }

  @Test("Tensors are found under the names of the file")
  func names() throws {
    let checkpoint = try CheckpointFolder(path: path)
    let name = "vit.encoder.layer.2.attention.attention.query.weight"
    #expect(checkpoint.shape(name) == [12, 12])
    #expect(try checkpoint.floats(name) == checkpoint.weights.floats(name))
    #expect(checkpoint.headLabels == 2)
    #expect(throws: CheckpointError.self) { try checkpoint.floats("vit.absent") }
  }

  @Test("A file without head and prefix is found under the same names")
  func headless() throws {
    let full = try CheckpointFolder(path: path)
    let values = try full.floats("vit.layernorm.weight") + full.floats("vit.embeddings.cls_token")
    try folder.rewrite(path) { tensor in
      tensor.name.hasPrefix("vit.") ? tensor.with(name: String(tensor.name.dropFirst(4))) : nil
    }
    let checkpoint = try CheckpointFolder(path: path)
    #expect(checkpoint.headLabels == nil)
    #expect(try checkpoint.floats("vit.layernorm.weight") + checkpoint.floats("vit.embeddings.cls_token") == values)
  }

  @Test("A head of another size, a pooler and position numbers are no error")
  func harmless() throws {
    var tensors: [NamedTensor] = []
    try folder.rewrite(path) { tensor in
      if !tensor.name.hasPrefix("classifier") { tensors.append(tensor) }
      return tensor
    }
    tensors += [
      NamedTensor(name: "classifier.weight", shape: [5, 12], floats: [Float](repeating: 1, count: 60)),
      NamedTensor(name: "classifier.bias", shape: [5], floats: [Float](repeating: 1, count: 5)),
      NamedTensor(name: "vit.pooler.dense.bias", shape: [1], floats: [1]),
      NamedTensor(name: "vit.embeddings.position_ids", type: .int64, shape: [1], bytes: Data(count: 8)),
    ]
    try SafetensorsWriter.write(tensors, to: path + "/model.safetensors")
    #expect(try CheckpointFolder(path: path).headLabels == 5)
  }

  @Test("Missing, misshapen and surplus tensors come as one error that lists them all")
  func disagreements() throws {
    try folder.rewrite(path) { tensor in
      switch tensor.name {
      case "vit.layernorm.bias": nil
      case "vit.encoder.layer.0.output.dense.bias": tensor.with(name: "vit.encoder.layer.9.output.dense.bias")
      case "vit.encoder.layer.1.output.dense.weight": tensor.with(shape: [20, 12])
      default: tensor
      }
    }
    #expect(
      throws: CheckpointError(
        file: path + "/model.safetensors",
        problem: .tensors(
          missing: ["vit.encoder.layer.0.output.dense.bias [12]", "vit.layernorm.bias [12]"],
          misshapen: ["vit.encoder.layer.1.output.dense.weight (expected [12, 20], found [20, 12])"],
          surplus: ["vit.encoder.layer.9.output.dense.bias"]))
    ) { try CheckpointFolder(path: path) }
  }

  @Test("A pickle is refused with the way to convert it, and a folder without weights with what it lacks")
  func otherFormats() throws {
    try FileManager.default.moveItem(atPath: path + "/model.safetensors", toPath: path + "/pytorch_model.bin")
    let error = #expect(throws: CheckpointError.self) { try CheckpointFolder(path: path) }
    #expect(error?.problem == .pickle(found: "pytorch_model.bin"))
    #expect(error?.description.contains("save_pretrained") == true)
    try FileManager.default.removeItem(atPath: path + "/pytorch_model.bin")
    #expect(throws: CheckpointError(file: path, problem: .missingFile(expected: "model.safetensors"))) {
      try CheckpointFolder(path: path)
    }
    #expect(throws: CheckpointError(file: folder.path, problem: .missingFile(expected: "config.json"))) {
      try CheckpointFolder(path: folder.path)
    }
  }

  @Test("Writing a folder again replaces it and leaves nothing else behind")
  func replacing() throws {
    _ = try folder.write(Data(), to: "base/stale.txt")
    _ = try folder.checkpoint()
    let files = FileManager.default
    #expect(try files.contentsOfDirectory(atPath: folder.path) == ["base"])
    #expect(
      try files.contentsOfDirectory(atPath: path).sorted()
        == ["config.json", "model.safetensors", "preprocessor_config.json"])
  }

  @Test("A buffer of the wrong length writes nothing")
  func wrongLength() throws {
    let base = try CheckpointFolder(path: path)
    for method in [AdaptationMethod.full, .head, .lora(LoRAConfiguration(rank: 1, alpha: 1, targets: ["query"]))] {
      let layout = try TrainableLayout(configuration: base.configuration, method: method, labels: 2)
      #expect(throws: CheckpointError.self) {
        try CheckpointWriter.write(
          folder: folder.path + "/new", base: base, layout: layout, labels: ["a", "b"],
          values: [Float](repeating: 0, count: layout.count - 1))
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["base"])
  }

  @Test("An adapter's folder is no checkpoint, and says where it belongs")
  func adapter() throws {
    let folder = try TemporaryFolder()
    try folder.write("{}", to: "adapter_config.json")
    let expected = CheckpointError(file: folder.path, problem: .adapter)
    #expect(throws: expected) { try CheckpointFolder(path: folder.path) }
    #expect(expected.description.contains("--adapter"))
  }
}

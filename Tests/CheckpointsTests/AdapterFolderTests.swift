import Checkpoints
import Foundation
import Support
import TestSupport
import Testing

@Suite struct AdapterFolderTests {
  private let folder: TemporaryFolder
  private let base: CheckpointFolder
  private let path: String
  private let lora = LoRAConfiguration(
    rank: 2, alpha: 3, targets: ["attention.attention.query", "output.dense"], layers: .listed([0, 2]))
  private let values: [Float]

  init() throws {
    folder = try TemporaryFolder()
    base = try CheckpointFolder(path: try folder.checkpoint())
    path = folder.path + "/adapter"
    let layout = try TrainableLayout(configuration: base.configuration, method: .lora(lora), labels: 3)
    values = (0..<layout.count).map { Float($0) / 7 }
    try CheckpointWriter.write(
      folder: path, base: base, layout: layout, labels: ["a", "b", "c"], values: values)
  }

  private func rewrite(_ change: (NamedTensor) -> NamedTensor?) throws {
    try FileManager.default.moveItem(
      atPath: path + "/adapter_model.safetensors", toPath: path + "/model.safetensors")
    try folder.rewrite(path, change)
    try FileManager.default.moveItem(
      atPath: path + "/model.safetensors", toPath: path + "/adapter_model.safetensors")
  }

  @Test("An adapter is read as it was written, under version 5's names")
  func roundTrip() throws {
    let names = try SafetensorsFile(path: path + "/adapter_model.safetensors").names
    #expect(names.contains("base_model.model.vit.layers.2.attention.q_proj.lora_A.weight"))
    #expect(names.contains("base_model.model.vit.layers.0.mlp.fc2.lora_B.weight"))
    #expect(names.contains("base_model.model.classifier.bias"))
    let adapter = try AdapterFolder(path: path, base: base)
    #expect(adapter.lora == lora)
    #expect(adapter.values == values)
    #expect(adapter.labels == ["a", "b", "c"])
  }

  @Test("An adapter under version 4's names is the same adapter")
  func versionFour() throws {
    try rewrite { tensor in
      let name = tensor.name.replacing("vit.layers.", with: "vit.encoder.layer.")
        .replacing("attention.q_proj", with: "attention.attention.query").replacing("mlp.fc2", with: "output.dense")
        .replacing("classifier.", with: "classifier.modules_to_save.")
      return tensor.with(name: name)
    }
    let names = try SafetensorsFile(path: path + "/adapter_model.safetensors").names
    #expect(names.contains("base_model.model.vit.encoder.layer.0.attention.attention.query.lora_A.weight"))
    let adapter = try AdapterFolder(path: path, base: base)
    #expect(adapter.lora == lora)
    #expect(adapter.values == values)
  }

  @Test("An adapter without a head has the base's")
  func headless() throws {
    try rewrite { $0.name.contains("classifier") ? nil : $0 }
    let adapter = try AdapterFolder(path: path, base: base)
    let head = try base.floats("classifier.weight") + base.floats("classifier.bias")
    #expect(Array(adapter.values.suffix(head.count)) == head)
    #expect(adapter.layout.labels == 2)
  }

  @Test("Tensors that are missing, misshapen or of another model come as one error")
  func disagreements() throws {
    try rewrite { tensor in
      switch tensor.name {
      case "base_model.model.vit.layers.0.mlp.fc2.lora_B.weight": nil
      case "base_model.model.vit.layers.2.mlp.fc2.lora_A.weight": tensor.with(shape: [4, 10])
      case "base_model.model.vit.layers.2.mlp.fc2.lora_B.weight":
        tensor.with(name: "base_model.model.vit.layers.7.mlp.fc2.lora_B.weight")
      default: tensor
      }
    }
    let error = #expect(throws: CheckpointError.self) { try AdapterFolder(path: path, base: base) }
    guard case .tensors(let missing, let misshapen, let surplus) = error?.problem else {
      Issue.record("expected a list of tensors, found \(String(describing: error))")
      return
    }
    #expect(missing.count == 2 && misshapen.count == 1)
    #expect(surplus == ["base_model.model.vit.layers.7.mlp.fc2.lora_B.weight"])
  }

  @Test("Dropout and rank-stabilized scaling are written and read")
  func options() throws {
    var lora = lora
    lora.dropout = 0.25
    lora.isRankStabilized = true
    let layout = try TrainableLayout(configuration: base.configuration, method: .lora(lora), labels: 3)
    try CheckpointWriter.write(folder: path, base: base, layout: layout, labels: ["a", "b", "c"], values: values)
    let written =
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: path + "/adapter_config.json"))) as? [String: Any]
    #expect(written?["lora_dropout"] as? Double == 0.25 && written?["use_rslora"] as? Bool == true)
    #expect(try AdapterFolder(path: path, base: base).lora == lora)
    #expect(lora.scaling == 3 / 2.0.squareRoot() && self.lora.scaling == 1.5)
    try folder.edit(path + "/adapter_config.json", ["lora_dropout": 1.0])
    #expect(throws: CheckpointError.self) { try AdapterFolder(path: path, base: base) }
  }

  @Test(
    "However PEFT says which modules are adapted, the tensors decide",
    arguments: ["pattern", "one layer", "no modules", "another base", "keys left out"])
  func spellings(_ spelling: String) throws {
    let changes: [String: Any?] =
      switch spelling {
      case "pattern": ["target_modules": ".*\\.(attention\\.q_proj|mlp\\.fc2)$"]
      case "one layer": ["layers_to_transform": 2, "layers_pattern": "layers"]
      case "no modules": ["modules_to_save": NSNull(), "layers_to_transform": NSNull(), "target_modules": NSNull()]
      case "another base": ["base_model_name_or_path": "/somebody/elses/vit", "init_lora_weights": "gaussian"]
      default: ["use_rslora": nil, "lora_dropout": nil, "bias": nil, "rank_pattern": nil, "task_type": nil]
      }
    try folder.edit(path + "/adapter_config.json", changes)
    let adapter = try AdapterFolder(path: path, base: base)
    #expect(adapter.lora == lora && adapter.values == values)
  }

  @Test("Factors stored in half precision are read as the numbers that they are", arguments: [true, false])
  func halfPrecision(isBrain: Bool) throws {
    try rewrite { tensor in
      let floats = tensor.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      let words = floats.map { isBrain ? UInt16($0.bitPattern >> 16) : Float16($0).bitPattern }
      return NamedTensor(
        name: tensor.name, type: isBrain ? .bfloat16 : .float16, shape: tensor.shape,
        bytes: words.withUnsafeBytes { Data($0) })
    }
    let found = try AdapterFolder(path: path, base: base).values
    let expected = values.map { isBrain ? Float(bitPattern: ($0.bitPattern >> 16) << 16) : Float(Float16($0)) }
    #expect(found == expected)
  }

  @Test("A linear layer without factors, as a pattern may leave it, is not adapted")
  func leftOut() throws {
    try rewrite { $0.name.contains("layers.2.mlp.fc2") ? nil : $0 }
    let adapter = try AdapterFolder(path: path, base: base)
    #expect(adapter.lora == lora)
    for parameter in adapter.layout.parameters {
      let isLeftOut = parameter.name.contains("layer.2.output.dense")
      #expect(
        Array(adapter.values[parameter.range])
          == (isLeftOut ? [Float](repeating: 0, count: parameter.count) : Array(values[parameter.range])))
    }
  }

  @Test("The adapter's own names of classes count, a head without names has none, and the base's head has the base's")
  func labelNames() throws {
    #expect(try AdapterFolder(path: path, base: base).hasNamedLabels)
    try FileManager.default.removeItem(atPath: path + "/config.json")
    let unnamed = try AdapterFolder(path: path, base: base)
    #expect(!unnamed.hasNamedLabels && unnamed.labels == ["LABEL_0", "LABEL_1", "LABEL_2"])
    try rewrite { $0.name.contains("classifier") ? nil : $0 }
    let headless = try AdapterFolder(path: path, base: base)
    #expect(headless.hasNamedLabels && headless.labels == ["cat", "dog"])
  }

  @Test("An adapter of another model is told so")
  func otherModel() throws {
    try rewrite { $0.with(name: $0.name.replacing("vit.layers", with: "model.layers")) }
    let error = #expect(throws: CheckpointError.self) { try AdapterFolder(path: path, base: base) }
    #expect(error?.description.contains("ViTForImageClassification") == true)
  }

  @Test("Features beyond plain LoRA are refused by name")
  func features() throws {
    let changes: [(String, Any)] = [
      ("use_dora", true), ("init_lora_weights", "pissa"), ("bias", "all"), ("alpha_pattern", ["fc1": 3]),
      ("rank_pattern", ["fc1": 3]),
      ("fan_in_fan_out", true), ("use_qalora", true), ("layer_replication", [[0, 2], [1, 3]]),
      ("kasa_config", ["beta": 1]), ("alora_invocation_tokens", [1, 2]),
    ]
    for (key, value) in changes {
      let configuration = path + "/adapter_config.json"
      let before = try Data(contentsOf: URL(fileURLWithPath: configuration))
      try folder.edit(configuration, [key: value])
      let error = #expect(throws: CheckpointError.self) { try AdapterFolder(path: path, base: base) }
      #expect(error?.description.contains(key) == true)
      try before.write(to: URL(fileURLWithPath: configuration))
    }
    try folder.edit(path + "/adapter_config.json", ["peft_type": "IA3"])
    #expect(throws: CheckpointError.self) { try AdapterFolder(path: path, base: base) }
  }

  @Test("A pickle is refused, and a folder that holds no adapter")
  func otherFormats() throws {
    try FileManager.default.moveItem(
      atPath: path + "/adapter_model.safetensors", toPath: path + "/adapter_model.bin")
    #expect(throws: CheckpointError(file: path, problem: .pickle(found: "adapter_model.bin"))) {
      try AdapterFolder(path: path, base: base)
    }
    #expect(throws: CheckpointError.self) { try AdapterFolder(path: base.path, base: base) }
  }
}

import Checkpoints
import Foundation
import Support
import TestSupport
import Testing

@Suite struct Swinv2ConfigurationTests {
  private let folder: TemporaryFolder
  private let tiny = Swinv2Configuration(
    imageSize: ImageExtent(height: 18, width: 27), patchSize: ImageExtent(height: 2, width: 3), embeddingSize: 4,
    depths: [2, 1], headCounts: [2, 4], windowSize: 4, pretrainedWindowSizes: [6, 0], expansionRatio: 1.5,
    hasQueryValueBias: false, dropPathRate: 0.3, labels: ["cat", "dog", "hare"])

  init() throws { folder = try TemporaryFolder() }

  private func configuration(_ json: String) throws -> ModelConfiguration {
    try ModelConfiguration.read(file: try folder.write(Data(json.utf8), to: "config.json"))
  }

  private func checkpoint(_ configuration: Swinv2Configuration? = nil) throws -> String {
    let model = ModelConfiguration.swinv2(configuration ?? tiny)
    let values = RandomCheckpoint.values(configuration: model, head: .classifier(labels: 3), key: RandomKey(seed: 11))
    let path = folder.path + "/base"
    try CheckpointWriter.writeCheckpoint(
      folder: path, configuration: model, preprocessing: ImagePreprocessing(size: tiny.imageSize),
      labels: tiny.labels, values: values)
    return path
  }

  @Test("The configuration of Swin-v2-Large is read, with a rate of stochastic depth and keys of old releases")
  func large() throws {
    let read = try configuration(
      """
      {"architectures": ["Swinv2ForImageClassification"], "attention_probs_dropout_prob": 0.0,
       "depths": [2, 2, 18, 2], "drop_path_rate": 0.2, "embed_dim": 192, "encoder_stride": 32, "hidden_act": "gelu",
       "hidden_dropout_prob": 0.0, "hidden_size": 1536, "image_size": 192, "initializer_range": 0.02,
       "layer_norm_eps": 1e-05, "mlp_ratio": 4.0, "model_type": "swinv2", "num_channels": 3,
       "num_heads": [6, 12, 24, 48], "num_layers": 4, "patch_size": 4, "path_norm": true,
       "pretrained_window_sizes": [0, 0, 0, 0], "qkv_bias": true, "torch_dtype": "float32",
       "transformers_version": "4.22.0.dev0", "use_absolute_embeddings": false, "window_size": 12}
      """)
    let expected = Swinv2Configuration(
      imageSize: ImageExtent(side: 192), patchSize: ImageExtent(side: 4), embeddingSize: 192, depths: [2, 2, 18, 2],
      headCounts: [6, 12, 24, 48], windowSize: 12, dropPathRate: 0.2, labels: ["LABEL_0", "LABEL_1"])
    #expect(read == .swinv2(expected))
    #expect(read.architecture.layerCount == 24)
    #expect(expected.stages.map(\.channels) == [192, 384, 768, 1536])
    #expect(expected.stages.map(\.window) == [12, 12, 12, 6])
    #expect(expected.stages.map(\.shift) == [6, 6, 0, 0])
  }

  @Test("Maps are rounded up from stage to stage, windows clipped to maps rounded down")
  func stages() throws {
    let odd = Swinv2Configuration(
      imageSize: ImageExtent(height: 38, width: 30), patchSize: ImageExtent(side: 4), embeddingSize: 8,
      depths: [2, 2, 1], headCounts: [1, 1, 1], windowSize: 5, labels: ["a"])
    #expect(odd.stages.map(\.height) == [10, 5, 3])
    #expect(odd.stages.map(\.width) == [8, 4, 2])
    #expect(odd.stages.map(\.window) == [5, 4, 2])
    #expect(odd.stages.map(\.shift) == [2, 0, 0])
  }

  @Test("A configuration and a checkpoint are read as they were written")
  func roundTrip() throws {
    let read = try CheckpointFolder(path: try checkpoint())
    #expect(read.configuration == .swinv2(tiny))
    let scale = "swinv2.encoder.layers.1.blocks.0.attention.self.logit_scale"
    #expect(read.shape(scale) == [4, 1, 1])
    #expect(try read.floats(scale).allSatisfy { abs($0 - Float(log(10.0))) < 1e-6 })
    #expect(read.shape("swinv2.encoder.layers.0.blocks.0.attention.self.key.bias") == nil)
    #expect(read.shape("swinv2.encoder.layers.0.downsample.reduction.weight") == [8, 16])
  }

  @Test("A whole ratio is written with a decimal point, which version 5 of transformers asks for")
  func fractions() throws {
    var whole = tiny
    whole.expansionRatio = 2
    let path = try checkpoint(whole)
    let text = try String(contentsOfFile: path + "/config.json", encoding: .utf8)
    #expect(text.contains(#""mlp_ratio" : 2.0,"#))
    #expect(text.contains(#""window_size" : 4"#) && !text.contains(#""window_size" : 4.0"#))
    #expect(try CheckpointFolder(path: path).configuration == .swinv2(whole))
  }

  @Test("Missing keys have the defaults of transformers, and a class name will do")
  func defaults() throws {
    let expected = Swinv2Configuration(
      imageSize: ImageExtent(side: 224), patchSize: ImageExtent(side: 4), embeddingSize: 96, depths: [2, 2, 6, 2],
      headCounts: [3, 6, 12, 24], windowSize: 7, labels: ["LABEL_0", "LABEL_1"])
    #expect(try configuration(#"{"architectures": ["Swinv2Model"]}"#) == .swinv2(expected))
  }

  @Test(
    "What the model cannot do, and what makes no sense, is refused by its key",
    arguments: [
      ("\"hidden_act\": \"relu\"", "hidden_act"), ("\"hidden_dropout_prob\": 0.1", "hidden_dropout_prob"),
      ("\"use_absolute_embeddings\": true", "use_absolute_embeddings"), ("\"depths\": []", "depths"),
      ("\"depths\": [2, 2]", "num_heads"), ("\"num_heads\": [3, 6, 12, 25]", "num_heads"),
      ("\"embed_dim\": 97", "num_heads"), ("\"pretrained_window_sizes\": [0, 0]", "pretrained_window_sizes"),
      ("\"pretrained_window_sizes\": [0, 0, 1, 0]", "pretrained_window_sizes"), ("\"window_size\": 0", "window_size"),
      ("\"mlp_ratio\": 1e300", "mlp_ratio"), ("\"mlp_ratio\": 0", "mlp_ratio"), ("\"image_size\": 31", "image_size"),
    ])
  func unsupported(entry: String, key: String) throws {
    let error = #expect(throws: CheckpointError.self) { try configuration("{\"model_type\": \"swinv2\", \(entry)}") }
    #expect(error?.description.contains(key) == true)
  }

  @Test("Tables of old files and what masked-image pretraining leaves are ignored, with the prefix or without")
  func ignored() throws {
    let path = try checkpoint()
    try folder.rewrite(path) { tensor in
      switch tensor.name {
      case "classifier.bias": tensor.with(name: "swinv2.embeddings.mask_token")
      case "classifier.weight":
        tensor.with(name: "swinv2.encoder.layers.0.blocks.1.attention.self.relative_position_index")
      default: tensor
      }
    }
    #expect(try CheckpointFolder(path: path).headLabels == nil)
    try folder.rewrite(path) { $0.with(name: $0.name.replacing("swinv2.", with: "")) }
    #expect(try CheckpointFolder(path: path).headLabels == nil)
  }

  @Test("PEFT is told names where they say what is adapted, else whole paths")
  func adaptedModules() throws {
    let base = try CheckpointFolder(path: try checkpoint())
    func modules(_ targets: [String], _ layers: LayerSelection) throws -> [String] {
      let method = AdaptationMethod.lora(LoRAConfiguration(rank: 1, alpha: 1, targets: targets, layers: layers))
      let layout = try TrainableLayout(configuration: base.configuration, method: method, labels: 2)
      let path = folder.path + "/adapter"
      try CheckpointWriter.write(
        folder: path, base: base, layout: layout, labels: ["a", "b"],
        values: [Float](repeating: 1, count: layout.count))
      let data = try Data(contentsOf: URL(fileURLWithPath: path + "/adapter_config.json"))
      let written = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      #expect(written["layers_to_transform"] == nil || written["layers_to_transform"] is NSNull)
      return try #require(written["target_modules"] as? [String])
    }
    #expect(try modules(["query", "reduction"], .all) == ["attention.self.query", "downsample.reduction"])
    let both = ["attention.output.dense", "output.dense"]
    #expect(try modules(both.reversed(), .all) == both)
    #expect(
      try modules(["output.dense"], .all) == [
        "swinv2.encoder.layers.0.blocks.0.output.dense", "swinv2.encoder.layers.0.blocks.1.output.dense",
        "swinv2.encoder.layers.1.blocks.0.output.dense",
      ])
    #expect(try modules(["key"], .last(1)) == ["swinv2.encoder.layers.1.blocks.0.attention.self.key"])
    #expect(throws: CheckpointError.self) { try modules(["reduction"], .first(1)) }
  }
}

import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite struct ModelConfigurationTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func configuration(_ json: String) throws -> ModelConfiguration {
    try ModelConfiguration.read(file: try folder.write(Data(json.utf8), to: "config.json"))
  }

  @Test("Keys that are missing have the defaults of transformers")
  func defaults() throws {
    let expected = ViTConfiguration(
      hiddenSize: 768, layerCount: 12, headCount: 12, intermediateSize: 3072, imageSize: ImageExtent(side: 224),
      patchSize: ImageExtent(side: 16), labels: ["LABEL_0", "LABEL_1"])
    #expect(try configuration(#"{"model_type": "vit"}"#) == .vit(expected))
    #expect(try configuration(#"{"architectures": ["ViTForImageClassification"]}"#) == .vit(expected))
  }

  @Test("Sizes may be pairs, and labels come in the order of their numbers")
  func forms() throws {
    let names = (0..<11).map { #""\#($0)": "class \#($0)""# }.joined(separator: ", ")
    let read = try configuration(
      #"{"model_type": "vit", "image_size": [32, 48], "patch_size": 8, "id2label": {\#(names)}}"#)
    #expect(read.imageSize == ImageExtent(height: 32, width: 48))
    #expect(read.labels == (0..<11).map { "class \($0)" })
    #expect(try configuration(#"{"model_type": "vit", "num_labels": 3}"#).labels.count == 3)
  }

  @Test("A configuration is written as it was read")
  func roundTrip() throws {
    let path = try folder.checkpoint()
    #expect(try ModelConfiguration.read(file: path + "/config.json") == .vit(tiny))
  }

  @Test("Another architecture is named, with the file and what is supported")
  func otherArchitecture() throws {
    let error = #expect(throws: CheckpointError.self) {
      try configuration(#"{"model_type": "resnet", "architectures": ["ResNetForImageClassification"]}"#)
    }
    #expect(
      error?.problem
        == .unsupportedArchitecture(
          found: "\"resnet\" (ResNetForImageClassification)", supported: ["vit", "swinv2", "llama", "mistral"]))
    #expect(error?.file == folder.path + "/config.json")
  }

  @Test(
    "What the model cannot do, and what makes no sense, is refused by its key",
    arguments: [
      ("\"hidden_act\": \"relu\"", "hidden_act"), ("\"hidden_dropout_prob\": 0.1", "hidden_dropout_prob"),
      ("\"hidden_size\": 0", "hidden_size"), ("\"hidden_size\": \"768\"", "hidden_size"),
      ("\"hidden_size\": 99999999999", "hidden_size"), ("\"num_attention_heads\": 7", "num_attention_heads"),
      ("\"image_size\": [1, 2, 3]", "image_size"), ("\"image_size\": -4", "image_size"),
      ("\"patch_size\": 225", "patch_size"), ("\"id2label\": {\"1\": \"a\"}", "id2label"),
      ("\"num_labels\": -1", "num_labels"),
    ])
  func unsupported(entry: String, key: String) throws {
    let error = #expect(throws: CheckpointError.self) { try configuration("{\"model_type\": \"vit\", \(entry)}") }
    #expect(error?.description.contains(key) == true)
  }

  @Test("A file that is not JSON, or not there, is named")
  func unreadable() throws {
    #expect(throws: CheckpointError.self) { try configuration("{") }
    #expect(throws: CheckpointError.self) { try configuration("[1]") }
    let error = #expect(throws: CheckpointError.self) {
      try ModelConfiguration.read(file: folder.path + "/absent.json")
    }
    #expect(error?.description.contains("there is no such file") == true)
  }
}

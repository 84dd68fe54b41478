import Checkpoints
import Foundation
import Models
import Support
import TestSupport
import Testing
import Torch

/// Folders of text models that Tenbin writes, loaded by transformers and peft.
@Suite(
  .timeLimit(.minutes(45)), .serialized,
  .enabled(if: OracleScript.isAvailable, "needs .python; run scripts/setup --tests"))
struct TextExportTests {
  private let folder: TemporaryFolder
  private let base: CheckpointFolder
  private let batch = TokenBatchCase.batch

  private enum TokenBatchCase {
    static let texts = [[7, 8, 9, 10, 11], [12, 13], [6, 20, 30, 40]]
    static let batch = Result { try TokenBatch(texts: texts, padding: 3, on: .right) }
  }

  init() throws {
    folder = try TemporaryFolder()
    let configuration = ModelConfiguration.llama(
      LlamaConfiguration(
        family: .mistral, vocabularySize: 47, hiddenSize: 16, intermediateSize: 24, layerCount: 3, headCount: 4,
        keyValueHeadCount: 2, headSize: 6, rotary: .init(theta: 1234), slidingWindow: 3, paddingToken: 3))
    try CheckpointWriter.writeCheckpoint(
      folder: folder.path + "/base", configuration: configuration, head: .languageModel, preprocessing: nil, labels: [],
      values: RandomCheckpoint.values(configuration: configuration, head: .languageModel, key: RandomKey(seed: 5))
        .map { 8 * $0 })
    base = try CheckpointFolder(path: folder.path + "/base")
  }

  private var lora: LoRAConfiguration {
    LoRAConfiguration(
      rank: 3, alpha: 4, targets: ["query", "v_proj", "o_proj", "gate_proj", "down_proj"], layers: .listed([0, 2]))
  }

  @Test("peft loads a classifier's LoRA folder on a language model's checkpoint, and transformers it merged")
  func adapter() throws {
    let (path, logits) = try trainClassifier(.lora(lora))
    try check(["--base", base.path, "--adapter", path], logits)
    let adapter = try AdapterFolder(path: path, base: base)
    #expect(adapter.lora == lora.inModelsWords)
    #expect(adapter.labels == ["calm", "cross", "other"])
    let merged = folder.path + "/merged"
    try CheckpointWriter.writeMerged(folder: merged, base: base, adapter: adapter)
    try check(["--model", merged], logits)
    let model = try TextClassifier(checkpoint: try CheckpointFolder(path: merged), method: .head, labels: 3)
    try model.load(
      parameters: try model.layout.initialValues(
        from: try CheckpointFolder(path: merged), key: RandomKey(seed: 1), keepHead: true))
    let again = try model.logits(try batch.get()).flatMap(\.self)
    #expect(zip(again, logits.flatMap(\.self)).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("transformers loads a fully fine-tuned classifier and one with a new head")
  func wholeFolders() throws {
    for method in [AdaptationMethod.full, .head] {
      let (path, logits) = try trainClassifier(method)
      try check(["--model", path], logits)
      #expect(try CheckpointFolder(path: path).headLabels == 3)
    }
  }

  @Test("peft loads a language model's LoRA folder, which has no head of its own, and transformers all weights")
  func languageModels() throws {
    let batch = try batch.get()
    let targets = batch.isText.map { row in row.indices.map { $0 > 0 && row[$0] } }
    for method in [AdaptationMethod.lora(lora), .full] {
      let model = try LanguageModel(checkpoint: base, method: method)
      var values = try model.layout.initialValues(from: base, key: RandomKey(seed: 2))
      for _ in 0..<2 {
        try model.load(parameters: values)
        let gradient = try model.gradientSum(batch, isTarget: targets).gradient
        for index in values.indices { values[index] -= 0.01 * gradient[index] }
      }
      try model.load(parameters: values)
      let path = folder.path + "/language-\(method == .full)"
      try CheckpointWriter.write(folder: path, base: base, layout: model.layout, labels: [], values: values)
      let logits = try model.logits(batch)
      try folder.checkExport(
        method == .full ? ["--model", path] : ["--base", base.path, "--adapter", path], inputs: inputs(batch),
        logits: NamedTensor(name: "logits", shape: logits.shape, floats: try logits.floats()))
      if method != .full { #expect(try AdapterFolder(path: path, base: base).layout.head == .languageModel) }
    }
  }

  /// Moves the start of `method` two large gradient steps, so that nothing is zero, and writes it.
  private func trainClassifier(_ method: AdaptationMethod) throws -> (path: String, logits: [[Float]]) {
    let model = try TextClassifier(checkpoint: base, method: method, labels: 3)
    let batch = try batch.get()
    var values = try model.layout.initialValues(from: base, key: RandomKey(seed: 9))
    for _ in 0..<2 {
      try model.load(parameters: values)
      let gradient = try model.gradientSum(batch, labels: [0, 2, 1]).gradient
      for index in values.indices { values[index] -= 0.05 * gradient[index] }
    }
    try model.load(parameters: values)
    let path = folder.path + "/classifier-\(values.count)"
    try CheckpointWriter.write(
      folder: path, base: base, layout: model.layout, labels: ["calm", "cross", "other"], values: values)
    return (path, try model.logits(batch))
  }

  private func check(_ arguments: [String], _ logits: [[Float]]) throws {
    try folder.checkExport(
      arguments, inputs: inputs(try batch.get()),
      logits: NamedTensor(name: "logits", shape: [logits.count, 3], floats: logits.flatMap(\.self)))
  }

  private func inputs(_ batch: TokenBatch) -> [NamedTensor] {
    func tensor(_ name: String, _ values: [Int]) -> NamedTensor {
      NamedTensor(
        name: name, type: .int64, shape: [batch.count, batch.length],
        bytes: values.map { Int64($0).littleEndian }.withUnsafeBytes { Data($0) })
    }
    return [
      tensor("input_ids", batch.tokens.flatMap(\.self)),
      tensor("attention_mask", batch.isText.flatMap(\.self).map { $0 ? 1 : 0 }),
    ]
  }
}

extension LoRAConfiguration {
  /// The same with the targets in the model's order and under its own names.
  fileprivate var inModelsWords: LoRAConfiguration {
    var result = self
    result.targets = LlamaConfiguration.targets.filter { target in targets.contains { target.answers(to: $0) } }
      .map(\.name)
    return result
  }
}

import Checkpoints
import Foundation
import Models
import Support
import TestSupport
import Testing
import Torch

/// Folders that Tenbin writes, loaded by transformers and peft, which scripts/setup installs into .python.
@Suite(
  .timeLimit(.minutes(45)), .serialized,
  .enabled(if: FileManager.default.isExecutableFile(atPath: Golden.python), "needs .python; run scripts/setup --tests"))
struct ExportTests {
  private let golden: Golden
  private let folder: TemporaryFolder

  init() throws {
    golden = try Golden()
    folder = try TemporaryFolder()
  }

  @Test("peft loads a LoRA checkpoint on the base, with all targets on some layers, to logits within 1e-4")
  func adapter() throws {
    let lora = LoRAConfiguration(
      rank: 3, alpha: 4.5, targets: ["query", "k_proj", "value", "o_proj", "fc1", "output.dense"], layers: .last(1))
    try checkAdapter(.lora(lora), labels: ["left", "middle", "right", "none"])
  }

  @Test("peft loads a LoRA checkpoint that adapts every layer")
  func adapterOnAllLayers() throws {
    let lora = LoRAConfiguration(rank: 2, alpha: 8, targets: ["query", "value"])
    try checkAdapter(.lora(lora), labels: ["no", "yes"])
  }

  @Test("peft scales a rank-stabilized LoRA checkpoint as Tenbin does")
  func rankStabilized() throws {
    let lora = LoRAConfiguration(
      rank: 4, alpha: 6, targets: ["query", "fc1"], dropout: 0.2, isRankStabilized: true)
    try checkAdapter(.lora(lora), labels: ["no", "yes"])
  }

  @Test("transformers loads a fully fine-tuned checkpoint and a new head, to logits within 1e-4")
  func wholeFolders() throws {
    for method in [AdaptationMethod.full, .head] {
      let path = "\(folder.path)/\(method == .full ? "full" : "head")"
      let logits = try train(method, labels: ["no", "yes", "maybe"], to: path)
      #expect(try CheckpointFolder(path: path).configuration.labels == ["no", "yes", "maybe"])
      try check(["--model", path], logits: logits)
    }
  }

  @Test("transformers loads a checkpoint that was never trained")
  func randomFolder() throws {
    let configuration = ModelConfiguration.vit(
      ViTConfiguration(
        hiddenSize: 16, layerCount: 1, headCount: 2, intermediateSize: 24, imageSize: ImageExtent(side: 12),
        patchSize: ImageExtent(side: 6), hasQueryKeyValueBias: false, labels: ["a", "b"]))
    let values = RandomCheckpoint.values(
      configuration: configuration, head: .classifier(labels: 2), key: RandomKey(seed: 3))
    try CheckpointWriter.writeCheckpoint(
      folder: folder.path + "/random", configuration: configuration,
      preprocessing: ImagePreprocessing(size: ImageExtent(side: 12)), labels: ["a", "b"], values: values)
    let checkpoint = try CheckpointFolder(path: folder.path + "/random")
    #expect(try checkpoint.fullValues() == values)
    let classifier = try ImageClassifier(checkpoint: checkpoint, method: .full, labels: 2)
    try classifier.load(parameters: values)
    try check(["--model", checkpoint.path], logits: try classifier.logits(pixels: try golden.pixels))
  }

  private func checkAdapter(_ method: AdaptationMethod, labels: [String]) throws {
    let path = folder.path + "/adapter"
    let logits = try train(method, labels: labels, to: path)
    try check(["--base", golden.base.path, "--adapter", path], logits: logits)
    let read = try AdapterFolder(path: path, base: golden.base)
    #expect(read.labels == labels)
    let classifier = try ImageClassifier(checkpoint: golden.base, method: read.method, labels: labels.count)
    try classifier.load(parameters: read.values)
    #expect(try classifier.logits(pixels: try golden.pixels) == logits)
  }

  /// Moves the start of `method` one large gradient step, so that nothing is zero, writes it and returns its logits.
  private func train(_ method: AdaptationMethod, labels: [String], to path: String) throws -> [[Float]] {
    let classifier = try ImageClassifier(checkpoint: golden.base, method: method, labels: labels.count)
    var values = try classifier.layout.initialValues(from: golden.base, key: RandomKey(seed: 9))
    for _ in 0..<2 {
      try classifier.load(parameters: values)
      let targets = try golden.labels.map { $0 % labels.count }
      let gradient = try classifier.gradientSum(pixels: try golden.pixels, labels: targets).gradient
      for index in values.indices { values[index] -= 0.05 * gradient[index] }
    }
    try classifier.load(parameters: values)
    try CheckpointWriter.write(
      folder: path, base: golden.base, layout: classifier.layout, labels: labels, values: values)
    return try classifier.logits(pixels: try golden.pixels)
  }

  private func check(_ model: [String], logits: [[Float]]) throws {
    let pixels = try golden.pixels
    try folder.checkExport(
      model, inputs: [NamedTensor(name: "pixel_values", shape: pixels.shape, floats: try pixels.floats())],
      logits: NamedTensor(name: "logits", shape: [logits.count, logits[0].count], floats: logits.flatMap(\.self)))
  }
}

extension TemporaryFolder {
  /// Has transformers and peft compute logits of the model that `arguments` name, and compares.
  func checkExport(_ arguments: [String], inputs: [NamedTensor], logits: NamedTensor) throws {
    let (inputFile, logitsFile) = (path + "/inputs.safetensors", path + "/logits.safetensors")
    try SafetensorsWriter.write(inputs, to: inputFile)
    try SafetensorsWriter.write([logits], to: logitsFile)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Golden.python)
    let script = Golden.root.appendingPathComponent("scripts/oracles/check_adapter.py").path
    process.arguments = [script] + arguments + ["--inputs", inputFile, "--logits", logitsFile]
    process.environment = ProcessInfo.processInfo.environment.merging(["HF_HUB_OFFLINE": "1"]) { $1 }
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(complaint)")
  }
}

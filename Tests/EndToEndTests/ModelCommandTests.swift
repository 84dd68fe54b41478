import Checkpoints
import Foundation
import Support
import TestSupport
import Testing

/// What concerns a checkpoint by itself, from the shell.
@Suite(.timeLimit(.minutes(45)), .serialized) struct ModelCommandTests {
  private let folder: TemporaryFolder
  private let model: String

  /// A small random classifier of texts with a tokenizer of single bytes.
  init() throws {
    folder = try TemporaryFolder()
    model = folder.path + "/model"
    let configuration = ModelConfiguration.llama(
      LlamaConfiguration(
        family: .llama, vocabularySize: ByteTokenizer.vocabularySize, hiddenSize: 16, intermediateSize: 24,
        layerCount: 2, headCount: 4,
        keyValueHeadCount: 2, paddingToken: 0, beginningToken: 0, endTokens: [257], labels: ["calm", "cross"]))
    try CheckpointWriter.writeCheckpoint(
      folder: model, configuration: configuration, head: .classifier(labels: 2), preprocessing: nil,
      labels: ["calm", "cross"],
      values: RandomCheckpoint.values(
        configuration: configuration, head: .classifier(labels: 2), key: RandomKey(seed: 6)
      ).map { 10 * $0 })
    try folder.write(ByteTokenizer.json(), to: "model/tokenizer.json")
  }

  @Test("describe prints architecture, parameters and what adapting takes, as text and as JSON")
  func describe() throws {
    let text = try Program.run("model", "describe", model)
    #expect(text.exitCode == 0, "\(text.errors)")
    for piece in ["LlamaForSequenceClassification, 2 layers", "calm, cross", "lora bf16", "full fp32", "fits"] {
      #expect(text.output.contains(piece), "\(text.output)")
    }
    let json = try Program.run("model", "describe", model, "--json", "--rank", "4")
    let object = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    let parameters = 258 * 16 + 2 * (2 * 16 + 16 * 16 * 2 + 8 * 16 * 2 + 3 * 16 * 24) + 16 + 32
    #expect(object["parameters"] as? Int == parameters)
    #expect(object["loraParameters"] as? Int == 2 * (4 * 32 + 4 * 24) + 32)
  }

  @Test("tokenize prints a JSON array for each line, and refuses a folder without a tokenizer")
  func tokenize() throws {
    let outcome = try Program.run(["model", "tokenize", model], input: "hi\n\né\n")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output == "[105, 106]\n[]\n[196, 170]\n")
    let refused = try Program.run("model", "tokenize", folder.path)
    #expect(refused.exitCode == 78 && refused.errors.contains("tokenizer.json"), "\(refused.errors)")
  }

  @Test("predict reads texts from a table and tokens from tensors, and both give the same probabilities")
  func predictTexts() throws {
    try folder.write("text\nhi there\n\"a, longer one\"\n\"\"\n", to: "texts.csv")
    let table = folder.path + "/out.csv"
    let outcome = try Program.run(
      "predict", "--model", model, "--manifest", folder.path + "/texts.csv", "--max-tokens", "10", "--output", table)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("1 texts were cut after 10 tokens"), "\(outcome.errors)")
    let rows = try String(contentsOfFile: table, encoding: .utf8).split(whereSeparator: \.isNewline)
    #expect(rows.first == "line,prediction,probability_calm,probability_cross")
    #expect(rows.dropFirst().map { $0.split(separator: ",")[0] } == ["2", "3", "4"])
    let tokens = "hi there".utf8.map { Int64($0) + 1 }
    try SafetensorsWriter.write(
      [
        NamedTensor(
          name: "input_ids", type: .int64, shape: [1, tokens.count], bytes: tokens.withUnsafeBytes { Data($0) })
      ], to: folder.path + "/in.safetensors")
    let tensors = try Program.run(
      "predict", "--model", model, "--input", folder.path + "/in.safetensors", "--output",
      folder.path + "/out.safetensors")
    #expect(tensors.exitCode == 0, "\(tensors.errors)")
    let logits = try SafetensorsFile(path: folder.path + "/out.safetensors").floats("logits").map(Double.init)
    let probability = 1 / (1 + exp(logits[1] - logits[0]))
    let found = try #require(Double(rows[1].split(separator: ",")[2]))
    #expect(abs(found - probability) < 1e-6)
  }

  @Test("generate continues prompts, and merge writes a folder that predicts as base and adapter do")
  func generateAndMerge() throws {
    let base = try CheckpointFolder(path: model)
    let lora = LoRAConfiguration(rank: 2, alpha: 6, targets: ["query", "down_proj"], isRankStabilized: true)
    let layout = try TrainableLayout(configuration: base.configuration, method: .lora(lora), labels: 2)
    var generator = RandomKey(seed: 8).generator
    let values = (0..<layout.count).map { _ in Float(generator.normal()) }
    let adapter = folder.path + "/adapter"
    try CheckpointWriter.write(
      folder: adapter, base: base, layout: layout, labels: ["calm", "cross"], values: values)
    let merged = folder.path + "/merged"
    let merge = try Program.run("model", "merge", "--model", model, "--adapter", adapter, "--output", merged)
    #expect(merge.exitCode == 0, "\(merge.errors)")
    let twice = try Program.run("model", "merge", "--model", model, "--adapter", adapter, "--output", model)
    #expect(twice.exitCode == 78 && twice.errors.contains("exists already"), "\(twice.errors)")
    try folder.write("text\nhi there\n", to: "texts.csv")
    func probability(_ arguments: String...) throws -> Double {
      let output = folder.path + "/p.csv"
      let outcome = try Program.run(
        ["predict", "--manifest", folder.path + "/texts.csv", "--output", output] + arguments)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let last = try String(contentsOfFile: output, encoding: .utf8).split(whereSeparator: \.isNewline).last
      return try #require((last?.split(separator: ",").last).flatMap { Double($0) })
    }
    let separate = try probability("--model", model, "--adapter", adapter)
    #expect(abs(try probability("--model", merged) - separate) < 1e-5)
    #expect(abs(try probability("--model", model) - separate) > 1e-3)
    let generated = try Program.run("model", "generate", model, "--prompt", "hi")
    #expect(generated.exitCode == 78 && generated.errors.contains("lm_head.weight"), "\(generated.errors)")
  }

  @Test("A language model writes at most the tokens asked for, the same ones every time")
  func generate() throws {
    let configuration = try CheckpointFolder(path: model).configuration
    let path = folder.path + "/language"
    try CheckpointWriter.writeCheckpoint(
      folder: path, configuration: configuration, head: .languageModel, preprocessing: nil, labels: [],
      values: RandomCheckpoint.values(configuration: configuration, head: .languageModel, key: RandomKey(seed: 6))
        .map { 10 * $0 }, tokenizer: model)
    let runs = try (0..<2).map { _ in
      try Program.run("model", "generate", path, "--prompt", "hi", "--tokens", "7", "--json")
    }
    #expect(runs[0].exitCode == 0 && runs[0].output == runs[1].output, "\(runs[0].errors)")
    let object = try #require(JSONSerialization.jsonObject(with: Data(runs[0].output.utf8)) as? [String: Any])
    let tokens = try #require(object["tokens"] as? [Int])
    #expect(tokens.starts(with: [105, 106]) && (3...9).contains(tokens.count))
    let first = try #require(tokens.dropFirst(2).first)
    try folder.write(#"{"eos_token_id": [250, \#(first)]}"#, to: "language/generation_config.json")
    let stopped = try Program.run("model", "generate", path, "--prompt", "hi", "--tokens", "7", "--json")
    #expect(stopped.output.contains("[105,106,\(first)]"), "\(stopped.output)")
  }

  @Test(
    "A checkpoint of shards in half precision takes a step in two processes that share it",
    .enabled(if: FileManager.default.isExecutableFile(atPath: python), "scripts/setup --tests makes .python"))
  func randomCheckpoint() throws {
    let script = Process()
    script.executableURL = URL(filePath: Self.python)
    let shards = folder.path + "/shards"
    script.arguments = [Self.root.appending(path: "scripts/random-checkpoint").path, "llama-tiny", shards]
    script.standardError = FileHandle.nullDevice
    try script.run()
    script.waitUntilExit()
    #expect(script.terminationStatus == 0)
    #expect(try CheckpointFolder(path: shards).weights.files.count == 3)
    let outcome = try Program.run(
      "bench", "step", "--arch", shards, "--method", "lora", "--rank", "8", "--dtype", "bf16", "--batch", "1",
      "--length", "16", "--workers", "2", "--steps", "1", "--warmup", "0")
    #expect(outcome.exitCode == 0 && outcome.output.contains("peak_pss_sum_mib"), "\(outcome.errors)")
  }

  private static let root = Repository.root
  private static let python = root.appending(path: ".python/bin/python").path

  @Test("A step benchmark in one process and behind a coordinator prints the peer's fields, with finite figures")
  func bench() throws {
    for workers in [[], ["--workers", "1"], ["--workers", "2"]] {
      let outcome = try Program.run(
        [
          "bench", "step", "--arch", model, "--method", "lora", "--rank", "2", "--dtype", "bf16", "--batch", "2",
          "--length", "5", "--steps", "2", "--warmup", "1",
        ] + workers)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let object = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      for field in [
        "arch", "method", "dtype", "world", "threads", "batch_per_rank", "median_step_s", "min_step_s",
        "samples_per_s", "trainable", "peak_rss_mib",
      ] {
        #expect(object[field] != nil, "\(field)")
      }
      #expect(object["trainable"] as? Int == 2 * (2 * 32 + 2 * 24) + 32)
      // No step takes no time.
      let samplesPerSecond = try #require(object["samples_per_s"] as? Double)
      #expect((0..<1e6).contains(samplesPerSecond))
    }
    let refused = try Program.run("bench", "step", "--arch", "no-such-model")
    #expect(refused.exitCode == 78 && refused.errors.contains("vit-base"), "\(refused.errors)")
  }

  @Test("Benchmarks of coordination commit every step of every run, shared and lent, and that of reduction adds up")
  func coordination() throws {
    for (arguments, steps) in [
      (["--workers", "2"], 40), (["--workers", "3", "--runs", "3", "--threads", "--milliseconds", "1"], 120),
      (["--workers", "2", "--no-shared-memory"], 40),
    ] {
      let outcome = try Program.run(
        ["bench", "coordination", "--parameters", "1000", "--microbatches", "4", "--steps", "40"] + arguments)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.errors.isEmpty, "\(outcome.errors)")
      let found = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      #expect(found["steps"] as? Int == steps)
      // Two gradients of a thousand numbers at least go to the coordinator in a shared step.
      if found["runs"] as? Int == 1 { #expect((found["bytes_per_step"] as? Int ?? 0) > 8_000) }
    }
    let reduced = try Program.run("bench", "reduce", "--parameters", "1000", "--repetitions", "1")
    #expect(reduced.exitCode == 0, "\(reduced.errors)")
    #expect(reduced.output.contains("\"ratio\""))
  }

  @Test(
    "The benchmark of generation makes the tokens that transformers make",
    .enabled(if: Oracle.isAvailable, "needs .python; run scripts/setup --tests"))
  func generation() throws {
    let configuration = ModelConfiguration.llama(
      LlamaConfiguration(
        family: .llama, vocabularySize: 320, hiddenSize: 32, intermediateSize: 48, layerCount: 2, headCount: 4,
        keyValueHeadCount: 2, paddingToken: 0, beginningToken: 1, endTokens: [2]))
    let language = folder.path + "/language"
    try CheckpointWriter.writeCheckpoint(
      folder: language, configuration: configuration, head: .languageModel, preprocessing: nil, labels: [],
      values: RandomCheckpoint.values(configuration: configuration, head: .languageModel, key: RandomKey(seed: 8))
        .map { 10 * $0 })
    let peer = "\(Oracle.python) \(Oracle.root.appending(path: "scripts/peers/generate_transformers.py").path)"
    let outcome = try Program.run(
      "bench", "generate", "--arch", language, "--batch", "3", "--prompt", "5", "--tokens", "12", "--repetitions", "1",
      "--peer", peer)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let found = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(found["equal_tokens"] as? Double == 1 && found["ratio"] != nil, "\(outcome.output)")
  }
}

import Checkpoints
import Foundation
import Support
import Testing
import Transport

/// What is wrong is said in one line that names the place; nothing is left half written.
@Suite(.timeLimit(.minutes(45)), .serialized) struct BadInputTests {
  /// Runs an audit of a changed study and expects it to be refused before it starts.
  private func expectRefusal(
    _ study: TinyStudy, specification: String = "bad.yaml", exitCode: Int32 = 78, saying words: [String],
    location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try Program.run(
      "audit", study.path(specification), "--workers", "1", "--output", study.path("out"))
    #expect(outcome.exitCode == exitCode, "\(outcome.errors)", sourceLocation: location)
    for word in words {
      #expect(outcome.errors.contains(word), "\(outcome.errors) lacks \(word)", sourceLocation: location)
    }
    #expect(outcome.errors.split(separator: "\n").count { $0.hasPrefix("error: ") } == 1, sourceLocation: location)
    #expect(outcome.output.isEmpty, sourceLocation: location)
    #expect(!FileManager.default.fileExists(atPath: study.path("out")), sourceLocation: location)
  }

  private func changeManifest(_ study: TinyStudy, _ change: (inout [String]) -> Void) throws {
    var lines = String(decoding: try study.read("data/faces.csv"), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map { String($0).replacing("\r", with: "") }
    change(&lines)
    try study.write(lines.joined(separator: "\n"), to: "data/changed.csv")
    try study.write(replacing: "data/faces.csv", with: "data/changed.csv", to: "bad.yaml")
  }

  @Test("An unknown key, a missing file and a specification that is not there")
  func specification() throws {
    let study = try TinyStudy()
    try study.write(replacing: "  positive: smiling", with: "  positiv: smiling", to: "bad.yaml")
    try expectRefusal(study, saying: ["bad.yaml:7", "data.positiv", "unknown key"])
    try study.write(replacing: "data/faces.csv", with: "data/nothing.csv", to: "bad.yaml")
    try expectRefusal(study, saying: ["data/nothing.csv"])
    try expectRefusal(study, specification: "nothing.yaml", saying: ["nothing.yaml"])
    try study.write(replacing: "positive: smiling", with: "positive: singing", to: "bad.yaml")
    try expectRefusal(study, saying: ["bad.yaml:7", "data.positive", "singing"])
  }

  @Test("A missing column, a label outside the set, and a row without its image")
  func manifest() throws {
    let study = try TinyStudy()
    try study.write(replacing: "[lighting, age]", with: "[lighting, height]", to: "bad.yaml")
    try expectRefusal(study, saying: ["faces.csv", "height", "lighting"])
    try study.write(
      replacing: "  positive: smiling", with: "  classes: [smiling, sad]\n  positive: smiling", to: "bad.yaml")
    try expectRefusal(study, saying: ["faces.csv, line ", "neutral", "sad"])
    try changeManifest(study) { $0[4] = $0[4].replacing("images/", with: "nowhere/") }
    try expectRefusal(study, saying: ["changed.csv, line 5", "nowhere/"])
    try changeManifest(study) { $0[6] += ",more" }
    try expectRefusal(study, saying: ["changed.csv", "line 7"])
  }

  @Test("A truncated image and a file that is not an image are named with their line before anything starts")
  func images() throws {
    let study = try TinyStudy()
    try changeManifest(study) { _ in }
    let third = String(decoding: try study.read("data/changed.csv"), as: UTF8.self).split(separator: "\n")[3]
    let name = String(third.prefix { $0 != "," })
    let whole = try study.read("data/\(name)")
    try whole.prefix(whole.count / 2).write(to: URL(filePath: study.path("data/\(name)")))
    try expectRefusal(study, saying: ["line 4", name])
    try Data("no image".utf8).write(to: URL(filePath: study.path("data/\(name)")))
    try expectRefusal(study, saying: ["line 4", name, "PNG"])
  }

  @Test("A group with no items, overall or in the test split")
  func emptyGroups() throws {
    let study = try TinyStudy()
    try changeManifest(study) { lines in
      for index in lines.indices where !lines[index].isEmpty { lines[index] += index == 0 ? ",tagged" : ",no" }
    }
    let text = TinyStudy.specification.replacing("data/faces.csv", with: "data/changed.csv")
      .replacing("[lighting, age]", with: "[lighting, {name: tags, tags: [tagged]}]")
    try study.write(text, to: "bad.yaml")
    try expectRefusal(study, saying: ["bad.yaml:8", "data.groups[1]", "tags=tagged", "no items"])
    try changeManifest(study) { lines in
      for index in lines.indices where !lines[index].isEmpty {
        lines[index] += index == 0 ? ",kind" : index == 1 ? ",alone" : ",common"
      }
    }
    try study.write(
      TinyStudy.specification.replacing("data/faces.csv", with: "data/changed.csv")
        .replacing("[lighting, age]", with: "[lighting, kind]").replacing("train: 0.5", with: "train: 0.88")
        .replacing("test: 0.4", with: "test: 0.02"), to: "bad.yaml")
    let outcome = try Program.run("audit", study.path("bad.yaml"), "--workers", "1", "--output", study.path("out"))
    #expect(outcome.exitCode == 78 && outcome.errors.contains("none of them is in the test split"), "\(outcome.errors)")
  }

  @Test("Safetensors with a lying header, a checkpoint of another architecture and a pickle file")
  func checkpoints() throws {
    let study = try TinyStudy()
    let weights = try study.read("base/model.safetensors")
    try study.write(TinyStudy.specification, to: "bad.yaml")
    try weights.prefix(weights.count - 100).write(to: URL(filePath: study.path("base/model.safetensors")))
    try expectRefusal(study, saying: ["model.safetensors"])
    try weights.write(to: URL(filePath: study.path("base/model.safetensors")))
    let configuration = try study.read("base/config.json")
    let other = String(decoding: configuration, as: UTF8.self)
      .replacing("\"vit\"", with: "\"bert\"").replacing("ViTForImageClassification", with: "BertModel")
    try study.write(other, to: "base/config.json")
    try expectRefusal(study, saying: ["config.json", "bert", "vit"])
    try configuration.write(to: URL(filePath: study.path("base/config.json")))
    try FileManager.default.moveItem(
      atPath: study.path("base/model.safetensors"), toPath: study.path("base/pytorch_model.bin"))
    try expectRefusal(study, saying: ["pytorch_model.bin", "safetensors"])
    try FileManager.default.moveItem(
      atPath: study.path("base/pytorch_model.bin"), toPath: study.path("base/model.safetensors"))
    try study.write(replacing: "query, v_proj", with: "query, nonsense", to: "bad.yaml")
    try expectRefusal(study, saying: ["bad.yaml:13", "arms[1]", "nonsense", "query"])
  }

  @Test("LoRA that the base cannot take is named with its line")
  func lora() throws {
    let study = try TinyStudy()
    try study.write(replacing: "query, v_proj", with: "query, q_proj", to: "bad.yaml")
    try expectRefusal(study, saying: ["bad.yaml:13", "arms[1]", "\"query\"", "\"q_proj\"", "same linear layers"])
    try study.write(replacing: "rank: 4", with: "rank: 25", to: "bad.yaml")
    try expectRefusal(study, saying: ["bad.yaml:14", "arms[2]", "rank 25", "24"])
    try study.write(replacing: "{last: 1}", with: "{last: 3}", to: "bad.yaml")
    try expectRefusal(study, saying: ["bad.yaml:14", "arms[2]", "2"])
    try study.write(replacing: "{last: 1}", with: "[0, 0]", to: "bad.yaml")
    try expectRefusal(study, saying: ["bad.yaml:14", "arms[2].lora.layers[1]", "listed twice"])
  }

  @Test("An adapter that is not there, does not fit the base or tells other classes apart")
  func adapters() throws {
    let study = try TinyStudy()
    func write(_ name: String, hidden: Int = 24, labels: [String]) throws {
      let configuration = ModelConfiguration.vit(
        ViTConfiguration(
          hiddenSize: hidden, layerCount: 2, headCount: 2, intermediateSize: 48, imageSize: ImageExtent(side: 16),
          patchSize: ImageExtent(side: 4), labels: labels))
      let base = study.path("\(name)-base")
      try CheckpointWriter.writeCheckpoint(
        folder: base, configuration: configuration, preprocessing: ImagePreprocessing(size: ImageExtent(side: 16)),
        labels: labels,
        values: RandomCheckpoint.values(
          configuration: configuration, head: .classifier(labels: labels.count), key: RandomKey(seed: 1)))
      let folder = try CheckpointFolder(path: base)
      let lora = AdaptationMethod.lora(LoRAConfiguration(rank: 2, alpha: 4, targets: ["query"]))
      let layout = try TrainableLayout(configuration: configuration, method: lora, labels: labels.count)
      try CheckpointWriter.write(
        folder: study.path(name), base: folder, layout: layout, labels: labels,
        values: layout.initialValues(from: folder, key: RandomKey(seed: 2)))
    }
    func expectRefusal(of adapter: String, saying words: [String]) throws {
      try study.write(TinyStudy.specification(arms: "\n  - head\n  - adapter: \(adapter)"), to: "bad.yaml")
      try self.expectRefusal(study, saying: ["bad.yaml:13", "arms[1]", adapter] + words)
    }
    try expectRefusal(of: "nowhere", saying: ["adapter_config.json"])
    try expectRefusal(of: "data", saying: ["adapter_config.json"])
    try write("wide", hidden: 32, labels: ["neutral", "smiling"])
    try expectRefusal(of: "wide", saying: ["misshapen", "lora_A", "24"])
    try write("three", labels: ["neutral", "smiling", "crying"])
    try expectRefusal(of: "three", saying: ["3 classes", "2 (neutral, smiling)"])
    try write("named", labels: ["calm", "angry"])
    try expectRefusal(of: "named", saying: ["calm, angry", "neutral, smiling"])
    try write("turned", labels: ["smiling", "neutral"])
    try expectRefusal(of: "turned", saying: ["set data.classes: [smiling, neutral]"])
    try study.write("{\"peft_type\": \"LORA\", \"r\": 2", to: "turned/adapter_config.json")
    try expectRefusal(of: "turned", saying: ["adapter_config.json", "JSON"])
  }

  @Test("An output folder that holds another audit, or something else, is left as it is")
  func outputFolder() throws {
    let study = try TinyStudy()
    let arms =
      "  - lora: {rank: 2, alpha: 8, targets: [query, v_proj]}\n"
      + "  - lora: {rank: 4, alpha: 8, targets: [query, value, fc1], layers: {last: 1}}\n  - full\n"
    let small = TinyStudy.specification.replacing(arms, with: "")
      .replacing("privacy: {attacks: [lira, loss], models: 6, pool: 60, packed: 4}\n", with: "")
    try study.write(small, to: "small.yaml")
    let first = try Program.run("audit", study.path("small.yaml"), "--workers", "1", "--output", study.path("out"))
    #expect(first.exitCode == 0, "\(first.errors)")
    let results = try study.read("out/results.json")
    try study.write(small.replacing("epochs: 2", with: "epochs: 1"), to: "other.yaml")
    let second = try Program.run("audit", study.path("other.yaml"), "--workers", "1", "--output", study.path("out"))
    #expect(second.exitCode == 78 && second.errors.contains("another audit"), "\(second.errors)")
    #expect(try study.read("out/results.json") == results)
    let third = try Program.run("audit", study.path("small.yaml"), "--workers", "1", "--output", study.path("data"))
    #expect(third.exitCode == 78 && third.errors.contains("something other than"), "\(third.errors)")
    #expect(!FileManager.default.fileExists(atPath: study.path("data/ledger.sqlite")))
  }

  @Test("A port in use, an address beyond this host, no worker within the time-out, and nobody to connect to")
  func network() throws {
    let study = try TinyStudy()
    let holder = try CoordinatorEndpoint(listeningAt: Address("tcp://127.0.0.1:*")) { _ in }
    let busy = try Program.run(
      "coordinator", study.path("audit.yaml"), "--listen", holder.control, "--output", study.path("busy"))
    #expect(busy.exitCode == 1 && busy.errors.contains("in use"), "\(busy.errors)")
    holder.close()
    let beyond = try Program.run(
      "coordinator", study.path("audit.yaml"), "--listen", "tcp://0.0.0.0:5555", "--output", study.path("beyond"))
    #expect(beyond.exitCode == 78 && beyond.errors.contains("tenbin keys"), "\(beyond.errors)")
    let alone = try Program.run(
      "coordinator", study.path("audit.yaml"), "--listen", "tcp://127.0.0.1:*", "--wait", "1", "--output",
      study.path("alone"))
    #expect(alone.exitCode == 1 && alone.errors.contains("no worker has joined within 1 s"), "\(alone.errors)")
    let lost = try Program.run("worker", "--connect", "ipc://\(study.path("nobody"))", "--patience", "1")
    #expect(lost.exitCode == 69 && lost.errors.contains("no message from the coordinator"), "\(lost.errors)")
  }

  @Test("A usage error ends with 64")
  func usage() throws {
    #expect(try Program.run("audit").exitCode == 64)
    #expect(try Program.run("audit", "x.yaml", "--output", "y", "--workers", "0").exitCode == 64)
    for (words, says) in [
      (["nonsense"], "no command \"nonsense\""), (["help", "nonsense"], "no command \"nonsense\""),
      (["planted-truths", "--audits", "1"], "is now called simulate"),
      (["bench", "fleet"], "is now called bench shadow-models"),
    ] {
      let outcome = try Program.run(words)
      #expect(outcome.exitCode == 64 && outcome.errors.contains(says), "\(words): \(outcome.errors)")
    }
    // Below an empty path lies the root of the file system.
    for arguments in [
      ["audit", "x.yaml", "--output", ""], ["evaluate", "--predictions", "x.csv", "--output", ""],
      ["attack", "--scores", "x.csv", "--output", ""],
      ["monitor", "--reference", "", "--window", "x.csv"],
      ["monitor", "--reference", "x", "--window", "x.csv", "--output", ""],
      ["monitor", "--reference", "x", "--window", "x.csv", "--series", ""],
      ["remedy", "x", "--group", "a=b", "--output", ""], ["quickstart", "--directory", ""], ["doctor", "--output", ""],
      ["keys", "coordinator", "--directory", ""], ["simulate", "--audits", "1", "--output", ""], ["verify", ""],
      ["coordinator", "x.yaml", "--listen", "tcp://127.0.0.1:5555", "--output", ""],
    ] {
      let outcome = try Program(arguments, in: FileManager.default.temporaryDirectory.path).wait()
      #expect(outcome.exitCode == 64 && outcome.errors.contains("is empty"), "\(arguments): \(outcome.errors)")
    }
  }
}

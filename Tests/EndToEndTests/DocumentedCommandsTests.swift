import Checkpoints
import Foundation
import Support
import TestSupport
import Testing

/// Commands of the documentation, run as they stand; those with fixtures of their own are in the suites of their subjects.
@Suite(.serialized, .timeLimit(.minutes(45))) struct DocumentedCommandsTests {
  /// A study whose files have the names that the documentation uses.
  private func study(epochs: Int = 2) throws -> TinyStudy {
    let study = try TinyStudy()
    let model = "models/vit-base-patch16-224-in21k"
    try FileManager.default.createDirectory(atPath: study.path("models"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: study.path("base"), toPath: study.path(model))
    let text = TinyStudy.specification(arms: "[{lora: {rank: 8, alpha: 16}}, full]")
      .replacing("base: base", with: "base: \(model)").replacing("epochs: 2", with: "epochs: \(epochs)")
    try study.write(text, to: "smile.yaml")
    return study
  }

  private func run(_ command: [String], in study: TinyStudy) throws -> Program.Outcome {
    try #require(command.first == "tenbin")
    return try Program(Array(command.dropFirst()), in: study.path("")).wait()
  }

  @Test("The first audit runs as documented, from the table to predictions of the models that came out")
  func firstAudit() throws {
    let page = "docs/first-audit.md"
    let study = try study()
    let specification = String(decoding: try study.read("smile.yaml"), as: UTF8.self)
    try FileManager.default.removeItem(atPath: study.path("smile.yaml"))
    try FileManager.default.copyItem(atPath: study.path("data/faces.csv"), toPath: study.path("new.csv"))
    try FileManager.default.moveItem(atPath: study.path("new.csv"), toPath: study.path("data/new.csv"))
    try SafetensorsWriter.write(
      [
        NamedTensor(
          name: "pixel_values", shape: [2, 3, 16, 16], floats: [Float](repeating: 0.5, count: 2 * 3 * 16 * 16))
      ], to: study.path("tensors.safetensors"))
    for command in try Documentation.commands(in: page, section: "2. A specification") {
      let outcome = try run(command, in: study)
      #expect(outcome.exitCode == 0, "\(command): \(outcome.errors)")
      #expect(try study.read("smile.yaml").isEmpty == false)
    }
    try study.write(specification, to: "smile.yaml")
    for section in ["3. What it will need", "4. The audit", "6. Using the models"] {
      let commands = try Documentation.commands(in: page, section: section)
      #expect(!commands.isEmpty)
      for command in commands {
        let outcome = try run(command, in: study)
        #expect(outcome.exitCode == 0, "\(command): \(outcome.errors)")
      }
    }
    let table = String(decoding: try study.read("probabilities.csv"), as: UTF8.self)
    #expect(table.hasPrefix("path,prediction,probability_"))
    #expect(try SafetensorsFile(path: study.path("logits.safetensors")).floats("logits").count == 4)
  }

  @Test("A running audit is watched, scaled, drained and stopped by the documented commands")
  func otherShell() throws {
    let page = "docs/running.md"
    let study = try study(epochs: 5_000)
    let start = try #require(try Documentation.commands(in: page, section: "One command").first)
    let audit = try WatchedAudit(Array(start.dropFirst()), in: study.path(""))
    let commands = try Documentation.commands(in: page, section: "From another shell")
    #expect(commands.map { $0[1] } == ["status", "scale", "drain", "stop"])
    for command in commands {
      let outcome = try audit.hold(at: "training") { try run(command, in: study) }
      #expect(outcome.exitCode == 0, "\(command): \(outcome.errors)")
    }
    #expect(audit.finish().exitCode == 75)
  }

  @Test("Coordinator and worker by hand, proof and injected faults run as documented")
  func byHand() throws {
    let page = "docs/running.md"
    let study = try study()
    let hand = try Documentation.commands(in: page, section: "Coordinator and workers by hand")
    try #require(hand.map { $0[1] } == ["coordinator", "worker"])
    // Whichever port is free.
    let coordinator = try WatchedAudit(
      hand[0].dropFirst().map { $0.replacing(":5555", with: ":*") }, in: study.path(""))
    let address = coordinator.word(startingWith: "tcp://127.0.0.1:")
    let worker = try Program(
      hand[1].dropFirst().map { $0 == "tcp://127.0.0.1:5555" ? address : $0 }, in: study.path(""))
    let outcome = coordinator.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(worker.wait().exitCode == 0)
    let results = try study.read("smile-audit/results.json")
    let proof = try Documentation.commands(in: page, section: "Proof")
    #expect(proof.map { $0[1] } == ["verify", "audit", "audit"])
    for command in proof {
      if command[1] == "audit" { try FileManager.default.removeItem(atPath: study.path("smile-audit")) }
      let outcome = try run(command, in: study)
      #expect(outcome.exitCode == 0, "\(command): \(outcome.errors)")
      #expect(try study.read("smile-audit/results.json") == results)
    }
  }

  @Test("A checkpoint is described, tokenized for, generated with, merged and used as documented")
  func models() throws {
    let texts = try TinyTexts()
    let page = "docs/models.md"
    try FileManager.default.createDirectory(atPath: texts.path("models"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: texts.path("base"), toPath: texts.path("models/llama-2-7b"))
    let base = try CheckpointFolder(path: texts.path("base"))
    let lora = LoRAConfiguration(rank: 2, alpha: 4, targets: ["query", "value"])
    let layout = try TrainableLayout(configuration: base.configuration, method: .lora(lora), head: .languageModel)
    try CheckpointWriter.write(
      folder: texts.path("my-adapter"), base: base, layout: layout, labels: [],
      values: [Float](repeating: 0.01, count: layout.count))
    let configuration = base.configuration
    try CheckpointWriter.writeCheckpoint(
      folder: texts.path("my-classifier"), configuration: configuration, head: .classifier(labels: 2),
      preprocessing: nil, labels: ["calm", "cross"],
      values: RandomCheckpoint.values(
        configuration: configuration, head: .classifier(labels: 2), key: RandomKey(seed: 6)),
      tokenizer: texts.path("base"))
    for command in try Documentation.commands(in: page, section: "Commands") where command[0] == "tenbin" {
      let words = command.split(separator: "<").first.map { Array($0.dropFirst()) } ?? []
      let isFed = command.contains("<")
      let outcome = try Program(words, in: texts.path(""), input: isFed ? "hi\n" : nil).wait()
      #expect(outcome.exitCode == 0, "\(command): \(outcome.errors)")
      if isFed { #expect(outcome.output == "[105, 106]\n") }
    }
    #expect(try texts.read("probabilities.csv").isEmpty == false)
  }

  @Test("Every option of every documented command exists")
  func options() throws {
    var help: [String: String] = [:]
    for page in try Documentation.pages() {
      for command in try Documentation.commands(in: page) where command[0] == "tenbin" {
        let path = command.dropFirst().prefix(
          command[1] == "model" || command[1] == "bench" || command[1] == "keys" ? 2 : 1)
        guard path.first?.hasPrefix("--") == false else { continue }
        let name = path.joined(separator: " ")
        if help[name] == nil {
          let program = ["worker", "predict", "model", "bench"].contains(path.first ?? "") ? "tenbin-worker" : "tenbin"
          let outcome = try Self.help(of: program, Array(path))
          #expect(outcome.exitCode == 0, "\(page): tenbin \(name)")
          help[name] = outcome.output
        }
        for option in command where option.hasPrefix("--") {
          #expect(help[name]?.contains(option) == true, "\(page): tenbin \(name) has no option \(option)")
        }
      }
    }
    #expect(help.count > 20)
  }

  private static func help(of program: String, _ path: [String]) throws -> (exitCode: Int32, output: String) {
    let process = Process()
    process.executableURL = Program.folder.appending(path: program)
    process.arguments = path + ["--help"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}

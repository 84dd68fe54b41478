import Checkpoints
import Foundation
import Support
import Testing

/// What an audit leaves behind serves predictions, and Python's peft and transformers agree with them.
@Suite(.timeLimit(.minutes(45)), .serialized) struct PredictTests {
  /// Largest difference that `scripts/oracles/check_adapter.py` finds; throws where it finds too large a one.
  private func differenceToPython(_ arguments: [String]) throws -> Double {
    let text = try Oracle.run("check_adapter.py", arguments)
    return try #require(Double(text.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  /// Forty images of noise in a file, for both sides.
  private func inputs(of study: TinyStudy) throws -> String {
    var generator = RandomKey(seed: 9)["pixels"].generator
    let pixels = (0..<40 * 3 * 16 * 16).map { _ in Float(generator.normal()) }
    let inputs = study.path("inputs.safetensors")
    try SafetensorsWriter.write(
      [NamedTensor(name: "pixel_values", shape: [40, 3, 16, 16], floats: pixels)], to: inputs)
    return inputs
  }

  @Test(
    "An audit's adapters and checkpoints give the same logits here and in Python's peft and transformers",
    .enabled(if: Oracle.isAvailable, "scripts/setup --tests makes .python"))
  func agreesWithPython() throws {
    let study = try TinyStudy()
    let text = TinyStudy.specification.replacing(
      "privacy: {attacks: [lira, loss], models: 6, pool: 60, packed: 4}\n", with: ""
    )
    .replacing(
      "  - full",
      with:
        "  - lora: {rank: 3, alpha: 8, targets: [key, fc2], dropout: 0.1, rank_stabilized: true, name: lora-stable}\n"
        + "  - full")
    try study.write(text, to: "train.yaml")
    let audit = try Program.run("audit", study.path("train.yaml"), "--workers", "2", "--output", study.path("a"))
    #expect(audit.exitCode == 0, "\(audit.errors)")
    let inputs = try inputs(of: study)
    let checkpoints = study.path("a/checkpoints")
    for arm in ["head", "lora-r2", "lora-r4", "lora-stable", "full"] {
      let folder = "\(checkpoints)/\(arm)/seed-13"
      let isAdapter = arm.hasPrefix("lora")
      let logits = study.path("\(arm).safetensors")
      let model = isAdapter ? ["--model", study.path("base"), "--adapter", folder] : ["--model", folder]
      let outcome = try Program(["predict"] + model + ["--input", inputs, "--output", logits]).wait()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let oracle = isAdapter ? ["--base", study.path("base"), "--adapter", folder] : ["--model", folder]
      let difference = try differenceToPython(oracle + ["--inputs", inputs, "--logits", logits])
      #expect(difference < 1e-4)
    }
  }

  @Test(
    "Adapters that peft itself has written give peft's logits here, and can be arms of an audit",
    .enabled(if: Oracle.isAvailable, "scripts/setup --tests makes .python"),
    arguments: [["--bfloat16"], ["--modules", #".*(layers\.0\.attention\.q_proj|layers\.1\.mlp\.fc2)"#]])
  func readsPeft(options: [String]) throws {
    let study = try TinyStudy()
    let (inputs, folder, logits) = (try inputs(of: study), study.path("peft"), study.path("logits.safetensors"))
    _ = try Oracle.run(
      "make_adapter.py", ["--base", study.path("base"), "--adapter", folder, "--labels", "2"] + options)
    let model = ["--model", study.path("base"), "--adapter", folder]
    let outcome = try Program(["predict"] + model + ["--input", inputs, "--output", logits]).wait()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let oracle = ["--base", study.path("base"), "--adapter", folder, "--inputs", inputs, "--logits", logits]
    #expect(try differenceToPython(oracle) < 1e-4)
    try study.write(TinyStudy.specification(arms: "[head, {adapter: peft}]"), to: "audit.yaml")
    let audit = try Program.run("audit", study.path("audit.yaml"), "--workers", "1", "--output", study.path("a"))
    #expect(audit.exitCode == 0 && audit.output.contains("peft"), "\(audit.errors)")
  }

  @Test("A manifest becomes a table of probabilities that sum to one, in the audit's own order of classes")
  func manifest() throws {
    let study = try TinyStudy()
    let outcome = try Program.run(
      "predict", "--model", study.path("base"), "--manifest", study.path("data/faces.csv"), "--output",
      study.path("probabilities.csv"))
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let lines = String(decoding: try study.read("probabilities.csv"), as: UTF8.self)
      .split(whereSeparator: \.isNewline)
    #expect(lines.first == "path,prediction,probability_a,probability_b,probability_c")
    #expect(lines.count == 181)
    for line in lines.dropFirst() {
      let fields = line.split(separator: ",")
      let probabilities = fields.dropFirst(2).compactMap { Double($0) }
      #expect(probabilities.count == 3 && abs(probabilities.reduce(0, +) - 1) < 1e-12)
    }
  }

  @Test("Bad input to predict is named, and no output is written")
  func badInput() throws {
    let study = try TinyStudy()
    try study.write("path\nmissing.png\n", to: "list.csv")
    let missing = try Program.run(
      "predict", "--model", study.path("base"), "--manifest", study.path("list.csv"), "--output", study.path("out.csv"))
    #expect(missing.exitCode == 78 && missing.errors.contains("list.csv, line 2"), "\(missing.errors)")
    let tensors = study.path("tensors.safetensors")
    try SafetensorsWriter.write(
      [NamedTensor(name: "pixel_values", shape: [1, 3, 8, 8], floats: Array(repeating: 0, count: 192))], to: tensors)
    let shape = try Program.run(
      "predict", "--model", study.path("base"), "--input", tensors, "--output", study.path("out.safetensors"))
    #expect(shape.exitCode == 78 && shape.errors.contains("16"), "\(shape.errors)")
    #expect(!FileManager.default.fileExists(atPath: study.path("out.csv")))
    #expect(!FileManager.default.fileExists(atPath: study.path("out.safetensors")))
    #expect(try Program.run("predict", "--model", study.path("base"), "--output", "x").exitCode == 64)
  }
}

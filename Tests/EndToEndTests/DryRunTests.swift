import Foundation
import Testing

/// `tenbin audit --dry-run`: a forecast, and nothing else.
@Suite(.timeLimit(.minutes(45)), .serialized) struct DryRunTests {
  /// Every file of the study with its size, to see that none is added or changed.
  private func files(of study: TinyStudy) throws -> [String: Int] {
    var sizes: [String: Int] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: study.path("")) {
      sizes[name] = try FileManager.default.attributesOfItem(atPath: study.path(name))[.size] as? Int
    }
    return sizes
  }

  @Test("The forecast counts runs, steps and shadow models, names memory, disk and time, and leaves no file")
  func forecast() throws {
    let study = try TinyStudy()
    let before = try files(of: study)
    let outcome = try Program.run("audit", study.path("audit.yaml"), "--dry-run", "--workers", "1")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    // 4 arms of 2 seeds, and 6 shadow models an arm.
    for word in [
      "180:", "8 runs with 2 seeds", "24 shadow models on a pool of 60 items", "16 samples each, in micro-batches of 4",
      "memory, estimated, with 1 worker", "frozen base", "private copy", "disk, estimated", "checkpoints", "ledger",
      "time, with 1 worker", "in all about", "measured just now", "1 process of 1 thread",
    ] {
      #expect(outcome.output.contains(word), "\(outcome.output) lacks \(word)")
    }
    #expect(outcome.errors.contains("measuring a step of full"))
    #expect(try files(of: study) == before)
  }

  @Test("With interim analyses the number of shadow models is an upper bound, in the forecast and before the start")
  func early() throws {
    let study = try TinyStudy()
    try study.write(
      replacing: "models: 6, pool: 60", with: "models: 8, early_stopping: {analyses: [6], half_width: 0.4}, pool: 60",
      to: "early.yaml")
    let outcome = try Program.run("audit", study.path("early.yaml"), "--dry-run", "--workers", "1")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for word in [
      "at most 32 shadow models on a pool of 60 items", "in all at most about", "less if shadow models end early",
    ] {
      #expect(outcome.output.contains(word), "\(outcome.output) lacks \(word)")
    }
  }

  @Test("JSON holds the counts of the plan; --output may be named and is not made")
  func json() throws {
    let study = try TinyStudy()
    let outcome = try Program.run(
      "audit", study.path("audit.yaml"), "--dry-run", "--json", "--workers", "2", "--output", study.path("out"))
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(document["workers"] as? Int == 2)
    let total = try #require(document["total"] as? [String: Int])
    #expect(total["runs"] == 4 * (2 + 6))
    let arms = try #require((document["specification"] as? [String: Any])?["arms"] as? [[String: Any]])
    #expect(arms.map { $0["method"] as? String } == ["head", "lora of rank 2", "lora of rank 4", "full"])
    #expect((document["seconds"] as? [String: Any])?["total"] is Double)
    #expect(!FileManager.default.fileExists(atPath: study.path("out")))
  }

  @Test("The forecast's steps, logits and checkpoints are those that an audit then has")
  func agreesWithAudit() throws {
    let study = try TinyStudy()
    try study.write(TinyStudy.specification(arms: "[{lora: {rank: 2, alpha: 8}}]"), to: "small.yaml")
    let forecast = try Program.run("audit", study.path("small.yaml"), "--dry-run", "--json")
    let document = try #require(try JSONSerialization.jsonObject(with: Data(forecast.output.utf8)) as? [String: Any])
    let total = try #require(document["total"] as? [String: Int])
    let audit = try Program.run("audit", study.path("small.yaml"), "--workers", "1", "--output", study.path("out"))
    #expect(audit.exitCode == 0, "\(audit.errors)")
    let rows =
      String(decoding: try study.read("out/predictions/lora-r2.csv"), as: UTF8.self)
      .split(whereSeparator: \.isNewline).count - 1
    #expect(total["evaluated_samples"] == rows)
    let adapter = try study.read("out/checkpoints/lora-r2/seed-13/adapter_model.safetensors").count
    let predicted = try #require((document["disk_bytes"] as? [String: Any])?["checkpoints"] as? Int)
    #expect(predicted <= 2 * adapter && predicted > adapter)
  }

  @Test("A specification that cannot be read ends a dry run with exit code 78, and a slip in the options with 64")
  func exitCodes() throws {
    let study = try TinyStudy()
    try study.write(replacing: "  positive: smiling", with: "  positiv: smiling", to: "bad.yaml")
    let bad = try Program.run("audit", study.path("bad.yaml"), "--dry-run")
    #expect(bad.exitCode == 78 && bad.output.isEmpty)
    #expect(bad.errors.contains("bad.yaml:7"), "\(bad.errors)")
    let withoutOutput = try Program.run("audit", study.path("audit.yaml"))
    #expect(withoutOutput.exitCode == 64 && withoutOutput.errors.contains("--output"), "\(withoutOutput.errors)")
    #expect(try Program.run("audit", study.path("audit.yaml"), "--output", study.path("o"), "--json").exitCode == 64)
  }
}

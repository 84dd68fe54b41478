import Foundation
import Testing

/// The choice of every arm's settings before the audit.
@Suite(.timeLimit(.minutes(45)), .serialized) struct SearchTests {
  private static let search = """
    search:
      rates: [1e-4, 3e-3]
      seeds: [1, 2]
      full: {rates: [1e-3, 1e-2], epochs: [1, 2]}

    """

  private func study() throws -> TinyStudy {
    let study = try TinyStudy()
    try study.write(TinyStudy.specification(arms: "[{lora: {rank: 2, alpha: 8}}, full]") + Self.search, to: "s.yaml")
    return study
  }

  @Test("A search chooses on validation items alone, says what it tried, and its audit is verified as any other")
  func chosen() throws {
    let study = try study()
    let audit = try Program.run("audit", study.path("s.yaml"), "--workers", "2", "--output", study.path("a"))
    #expect(audit.exitCode == 0, "\(audit.errors)")
    #expect(audit.errors.contains("search: 12 runs for the settings of 2 arms"))
    let results = try #require(try JSONSerialization.jsonObject(with: study.read("a/results.json")) as? [String: Any])
    #expect(results["learning_rates_fixed_by_hand"] as? Bool == false)
    let search = try #require(results["search"] as? [String: Any])
    let arms = try #require(search["arms"] as? [[String: Any]])
    let described = try #require(results["arms"] as? [[String: Any]])
    #expect(arms.map { $0["arm"] as? String } == ["lora-r2", "full"])
    for (arm, description) in zip(arms, described) {
      let candidates = try #require(arm["candidates"] as? [[String: Any]])
      let accuracies = candidates.compactMap { ($0["accuracy"] as? [String: Any])?["mean"] as? Double }
      let chosen = try #require(arm["chosen"] as? Int)
      #expect(candidates.count == (arm["arm"] as? String == "full" ? 4 : 2))
      #expect(accuracies[chosen] == accuracies.max())
      #expect(candidates[chosen]["learning_rate"] as? Double == description["learning_rate"] as? Double)
      #expect(candidates[chosen]["epochs"] as? Int == description["epochs"] as? Int)
    }
    let report = String(decoding: try study.read("a/report.html"), as: UTF8.self)
    #expect(report.contains("Choice of settings") && report.contains("chosen"))
    #expect(String(decoding: try study.read("a/costs.json"), as: UTF8.self).contains("\"search\""))
    for folder in ["a", "a/search"] {
      let verified = try Program.run("verify", study.path(folder), "--strict")
      #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
    }
    let verified = try Program.run("verify", study.path("a"))
    #expect(verified.output.contains("a/search: everything holds") && verified.output.contains("candidate-"))
    // Another specification is not the audit's, whatever its search would have tried.
    let text = String(decoding: try study.read("s.yaml"), as: UTF8.self)
    try study.write(text.replacing("[1e-4, 3e-3]", with: "[1e-4, 2e-3, 3e-3]"), to: "other.yaml")
    let other = try Program.run("verify", study.path("a"), "--specification", study.path("other.yaml"))
    #expect(other.output.contains("is not what the audit was made from"), "\(other.output)\(other.errors)")
    // Costs are those of the workers that caused them.
    let costs = try study.read("a/costs.json")
    let again = try Program.run("audit", study.path("s.yaml"), "--workers", "1", "--output", study.path("a"))
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(try study.read("a/costs.json") == costs)
    try FileManager.default.removeItem(atPath: study.path("a/search"))
    let lacking = try Program.run("verify", study.path("a"), "--steps", "0")
    #expect(lacking.exitCode == 1 && lacking.output.contains("the search that chose the settings is not there"))
    #expect(try Program.run("audit", study.path("s.yaml"), "--dry-run").exitCode == 0)
  }

  @Test("Killed in the search and in the audit, with another number of workers, the bytes are the same")
  func resumed() throws {
    let study = try study()
    let whole = try Program.run("audit", study.path("s.yaml"), "--workers", "1", "--output", study.path("a"))
    #expect(whole.exitCode == 0, "\(whole.errors)")
    for phase in ["full: search", "full: training"] {
      let killed = try WatchedAudit(["audit", study.path("s.yaml"), "--workers", "3", "--output", study.path("b")])
      _ = killed.hold(at: phase) { kill(killed.program.identifier, SIGKILL) }
      #expect(killed.finish().exitCode != 0)
    }
    let resumed = try Program.run("audit", study.path("s.yaml"), "--workers", "3", "--output", study.path("b"))
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try study.read("b/results.json") == study.read("a/results.json"))
  }

  @Test("Workers started by hand go on from the search to the audit")
  func byHand() throws {
    let study = try study()
    let coordinator = try WatchedAudit([
      "coordinator", study.path("s.yaml"), "--listen", "ipc://\(study.path("sock"))", "--output", study.path("a"),
    ])
    coordinator.wait(for: "workers join with")
    let workers = try (0..<2).map { number in
      try Program(["worker", "--connect", "ipc://\(study.path("sock"))", "--name", "hand-\(number)"])
    }
    let outcome = coordinator.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for worker in workers { #expect(worker.wait().exitCode == 0) }
    let alone = try Program.run("audit", study.path("s.yaml"), "--workers", "1", "--output", study.path("b"))
    #expect(alone.exitCode == 0, "\(alone.errors)")
    #expect(try study.read("b/results.json") == study.read("a/results.json"))
  }

  @Test("A search that shares a seed with the audit, or has no validation items, is refused with its line")
  func refused() throws {
    let study = try TinyStudy()
    let text = TinyStudy.specification(arms: "[full]")
    let without = text.replacing("train: 0.5, validation: 0.1,", with: "train: 0.6,")
    for (specification, problem) in [
      (text + "search: {rates: [1e-3], seeds: [13]}\n", "one of the audit's"),
      (text + "search: {seeds: [1]}\n", "expected rates"),
      (without + "search: {rates: [1e-3, 1e-2]}\n", "validation"),
      (
        text.replacing("training: {", with: "training: {oversample: [{group: lighting=noon, repeat: 2}], "),
        "lighting=noon"
      ),
    ] {
      try study.write(specification, to: "bad.yaml")
      let refused = try Program.run("audit", study.path("bad.yaml"), "--output", study.path("bad"))
      #expect(refused.exitCode == 78 && refused.errors.contains(problem), "\(refused.errors)")
    }
  }
}

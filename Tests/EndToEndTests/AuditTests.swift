import Foundation
import Synchronization
import Testing

/// Real processes, one test at a time: two cores are all there is.
@Suite(.timeLimit(.minutes(45)), .serialized) struct AuditTests {
  @Test("Results are byte-identical for 1, 2 and 3 workers, over tcp, and when a worker is killed in the middle")
  func workersNeverChangeTheResult() throws {
    let study = try TinyStudy()
    for workers in 1...3 {
      let outcome = try Program.run(
        "audit", study.path("audit.yaml"), "--workers", "\(workers)", "--output", study.path("w\(workers)"))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("report: "))
      for arm in ["head", "lora-r2", "lora-r4", "full"] {
        for group in ["lighting=dusk", "lighting=daylight", "age=old"] {
          #expect(outcome.output.split(separator: "\n").contains { $0.hasPrefix(arm) && $0.contains(group) })
        }
      }
    }
    let tcp = try Program.run(
      "audit", study.path("audit.yaml"), "--workers", "2", "--listen", "tcp://127.0.0.1:*", "--output",
      study.path("tcp"))
    #expect(tcp.exitCode == 0, "\(tcp.errors)")

    let started = DispatchSemaphore(value: 0)
    let audit = try Program(
      ["audit", study.path("audit.yaml"), "--workers", "2", "--output", study.path("killed")],
      onErrors: { if $0.contains("lora-r2: training") { started.signal() } })
    started.wait()
    let victim = try #require(audit.children.last)
    kill(victim, SIGKILL)
    let killed = audit.wait()
    #expect(killed.exitCode == 0, "\(killed.errors)")
    #expect(killed.errors.contains("ended with signal 9"))

    let expected = try study.read("w1/results.json")
    #expect(!expected.isEmpty)
    try DocumentedOutputs.check(study.path("w1"))
    for other in ["w2", "w3", "tcp", "killed"] {
      #expect(try study.read("\(other)/results.json") == expected, "\(other) differs")
      for arm in ["head", "lora-r2", "lora-r4", "full"] {
        #expect(try study.read("\(other)/predictions/\(arm).csv") == study.read("w1/predictions/\(arm).csv"))
      }
    }
  }

  @Test("Whether the states below what is trained may be kept changes no bit")
  func stateCache() throws {
    let study = try TinyStudy()
    try study.write(
      replacing: "report: {samples: 1}", with: "report: {samples: 1}\ncluster: {activation_cache: 0}", to: "none.yaml")
    for (specification, output) in [("audit", "kept"), ("none", "none")] {
      let outcome = try Program.run(
        "audit", study.path("\(specification).yaml"), "--workers", "2", "--output", study.path(output))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    #expect(try study.read("none/results.json") == study.read("kept/results.json"))
  }

  @Test("A coordinator and a worker that were started by hand come to the same bytes")
  func byHand() throws {
    let study = try TinyStudy()
    let alone = try Program.run("audit", study.path("audit.yaml"), "--workers", "1", "--output", study.path("alone"))
    #expect(alone.exitCode == 0, "\(alone.errors)")
    let address = Mutex("")
    let listening = DispatchSemaphore(value: 0)
    let coordinator = try Program(
      ["coordinator", study.path("audit.yaml"), "--listen", "tcp://127.0.0.1:*", "--output", study.path("by-hand")],
      onErrors: { piece in
        guard let range = piece.firstRange(of: "tcp://127.0.0.1:") else { return }
        address.withLock { $0 = String(piece[range.lowerBound...].prefix { !$0.isWhitespace }) }
        listening.signal()
      })
    listening.wait()
    let worker = try Program(["worker", "--connect", address.withLock { $0 }, "--name", "by-hand"])
    let outcome = coordinator.wait()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(worker.wait().exitCode == 0)
    #expect(try study.read("by-hand/results.json") == study.read("alone/results.json"))
  }

  @Test("A coordinator that is killed goes on where it was, and ends with the same bytes")
  func resumes() throws {
    let study = try TinyStudy()
    let whole = try Program.run("audit", study.path("audit.yaml"), "--workers", "2", "--output", study.path("whole"))
    #expect(whole.exitCode == 0, "\(whole.errors)")
    let started = DispatchSemaphore(value: 0)
    let audit = try Program(
      ["audit", study.path("audit.yaml"), "--workers", "2", "--output", study.path("cut")],
      onErrors: { if $0.contains("lora-r4: training") { started.signal() } })
    started.wait()
    let workers = audit.children
    kill(audit.identifier, SIGKILL)
    _ = audit.wait()
    let again = try Program.run("audit", study.path("audit.yaml"), "--workers", "2", "--output", study.path("cut"))
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(try study.read("cut/results.json") == study.read("whole/results.json"))
    // The workers that outlived their coordinator came back to the next one and left with it.
    let limit = Date(timeIntervalSinceNow: 60)
    while workers.contains(where: isRunning), Date() < limit { Thread.sleep(forTimeInterval: 0.1) }
    #expect(!workers.contains(where: isRunning))
  }

  /// Whether the process computes or waits, that is, is neither gone nor a zombie.
  private func isRunning(_ process: Int32) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else { return false }
    return !status.contains("State:\tZ")
  }

  @Test("A validation curve changes no prediction, and its last point is the end of training")
  func validationCurve() throws {
    let study = try TinyStudy()
    let specification = TinyStudy.specification(arms: "[{lora: {rank: 2, alpha: 8, targets: [query, fc1]}}]")
    try study.write(specification, to: "on.yaml")
    try study.write(
      replacing: "epochs: 2,", with: "epochs: 2, validation_curve: false,", in: specification, to: "off.yaml")
    for name in ["on", "off"] {
      let outcome = try Program.run(
        "audit", study.path("\(name).yaml"), "--workers", "2", "--output", study.path(name))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    #expect(try study.read("on/predictions/lora-r2.csv") == study.read("off/predictions/lora-r2.csv"))
    func rows(_ name: String) throws -> [[Substring]] {
      String(decoding: try study.read("\(name)/tables/validation_losses.csv"), as: UTF8.self).split(separator: "\n")
        .map { $0.split(separator: ",") }
    }
    #expect(try rows("off") == [["arm", "seed", "step", "loss"]])
    let curve = try rows("on").dropFirst().filter { $0[1] == "13" }
    let steps = curve.compactMap { Int($0[2]) }
    #expect(steps.count == curve.count && steps == Set(steps).sorted() && (2...10).contains(steps.count))
    #expect(curve.allSatisfy { (Double($0[3]) ?? 0) > 0 })
  }

  @Test("With dropout, results are byte-identical for 1 and 2 workers, and others than without")
  func dropout() throws {
    let study = try TinyStudy()
    for (name, workers, options) in [
      ("one", 1, ", dropout: 0.1"), ("two", 2, ", dropout: 0.1"), ("without", 2, ""),
      ("stable", 2, ", rank_stabilized: true"),
    ] {
      try study.write(
        TinyStudy.specification(arms: "[{lora: {rank: 2, alpha: 8, targets: [query, fc1]\(options)}}]"),
        to: "\(name).yaml")
      let outcome = try Program.run(
        "audit", study.path("\(name).yaml"), "--workers", "\(workers)", "--output", study.path(name))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    #expect(try study.read("one/results.json") == study.read("two/results.json"))
    #expect(try study.read("one/predictions/lora-r2.csv") == study.read("two/predictions/lora-r2.csv"))
    for other in ["without", "stable"] {
      #expect(try study.read("one/predictions/lora-r2.csv") != study.read("\(other)/predictions/lora-r2.csv"))
    }
    #expect(String(decoding: try study.read("one/report.html"), as: UTF8.self).contains("dropout 0.1"))
  }

  @Test(
    "In bfloat16, and with a Swin-v2 base, results are byte-identical for 1 and 2 workers",
    arguments: ["vit", "swinv2"])
  func bfloat16(base: String) throws {
    let study = try TinyStudy()
    if base == "swinv2" { try study.replaceBaseWithSwinv2() }
    let text = TinyStudy.specification(arms: "[head, {lora: {rank: 2, alpha: 8}}, full]")
    try study.write(replacing: "training: {", with: "training: {precision: bf16, ", in: text, to: "bf16.yaml")
    try study.write(text, to: "fp32.yaml")
    for (name, workers) in [("bf16", 1), ("bf16", 2), ("fp32", 2)] {
      let outcome = try Program.run(
        "audit", study.path("\(name).yaml"), "--workers", "\(workers)", "--output", study.path("\(name)-\(workers)"))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    #expect(try study.read("bf16-1/results.json") == study.read("bf16-2/results.json"))
    #expect(try study.read("bf16-1/predictions/full.csv") == study.read("bf16-2/predictions/full.csv"))
    #expect(try study.read("bf16-2/predictions/full.csv") != study.read("fp32-2/predictions/full.csv"))
    #expect(String(decoding: try study.read("bf16-1/report.html"), as: UTF8.self).contains("bf16"))
  }

  @Test("Somebody's adapter is an arm: evaluated once, compared with full, not trained and not attacked")
  func adapterFromElsewhere() throws {
    let study = try TinyStudy()
    try study.write(TinyStudy.specification(arms: "[{lora: {rank: 2, alpha: 8}}]"), to: "theirs.yaml")
    let theirs = try Program.run("audit", study.path("theirs.yaml"), "--workers", "2", "--output", study.path("theirs"))
    #expect(theirs.exitCode == 0, "\(theirs.errors)")
    let text = TinyStudy.specification.replacing("epochs: 2", with: "epochs: 1")
      .replacing("  - lora: {rank: 2, alpha: 8, targets: [query, v_proj]}\n", with: "")
      .replacing(
        "  - lora: {rank: 4, alpha: 8, targets: [query, value, fc1], layers: {last: 1}}",
        with: "  - adapter: theirs/checkpoints/lora-r2/seed-42\n"
          + "  - adapter: {path: theirs/checkpoints/lora-r2/seed-13, name: first}")
    try study.write(text, to: "ours.yaml")
    for workers in 1...2 {
      let outcome = try Program.run(
        "audit", study.path("ours.yaml"), "--workers", "\(workers)", "--output", study.path("w\(workers)"))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      for arm in ["seed-42", "first"] {
        #expect(
          outcome.output.split(separator: "\n").contains { $0.hasPrefix(arm) && $0.contains("vs full:") },
          "\(outcome.output)")
      }
    }
    let results = try study.read("w1/results.json")
    #expect(try study.read("w2/results.json") == results)
    // The same items, blocks and parameters as when it was trained: the same bits, under no seed.
    for (arm, seed) in [("seed-42", "42"), ("first", "13")] {
      let expected = String(decoding: try study.read("theirs/predictions/lora-r2.csv"), as: UTF8.self)
        .split(separator: "\n").filter { $0.hasPrefix("lora-r2,\(seed),") }
        .map { "\(arm),," + $0.dropFirst("lora-r2,\(seed),".count) }
      let found = String(decoding: try study.read("w1/predictions/\(arm).csv"), as: UTF8.self)
        .split(separator: "\n").dropFirst().map(String.init)
      #expect(!expected.isEmpty && found == expected)
      #expect(!FileManager.default.fileExists(atPath: study.path("w1/checkpoints/\(arm)")))
      #expect(!FileManager.default.fileExists(atPath: study.path("w1/predictions/shadow-models/\(arm).csv")))
    }
    let costs = String(decoding: try study.read("w1/tables/costs.csv"), as: UTF8.self).split(separator: "\n")
    #expect(costs.filter { $0.hasPrefix("first,") }.map { $0.split(separator: ",")[1] } == ["evaluation"])
    #expect(
      String(decoding: try study.read("w1/report.html"), as: UTF8.self).contains(
        "is left out: it was trained outside this audit"))
  }

  @Test("A second run of a finished audit starts no worker and writes the same results")
  func finishedAudit() throws {
    let study = try TinyStudy()
    let first = try Program.run("audit", study.path("audit.yaml"), "--workers", "1", "--output", study.path("a"))
    let results = try study.read("a/results.json")
    let second = try Program.run("audit", study.path("audit.yaml"), "--workers", "1", "--output", study.path("a"))
    #expect(first.exitCode == 0 && second.exitCode == 0)
    #expect(!second.errors.contains("waiting for workers"))
    #expect(second.output == first.output)
    #expect(try study.read("a/results.json") == results)
  }
}

import Foundation
import Synchronization
import Testing

/// A running audit that is stopped, scaled, hurt and started again: real processes, one test at a time.
@Suite(.timeLimit(.minutes(45)), .serialized) struct LifecycleTests {
  /// What one worker comes to when nothing goes wrong.
  private func expected(_ study: TinyStudy) throws -> Data {
    let whole = try Program.run(
      "audit", study.path("audit.yaml"), "--workers", "1", "--output", study.path("expected"))
    #expect(whole.exitCode == 0, "\(whole.errors)")
    return try study.read("expected/results.json")
  }

  private func audit(_ study: TinyStudy, _ arguments: String...) throws -> WatchedAudit {
    try WatchedAudit(["audit", study.path("audit.yaml")] + arguments + ["--output", study.path("a")])
  }

  @Test("Scaled from one worker to four and to two while it runs, an audit ends with the same bytes")
  func scaled() throws {
    let study = try TinyStudy()
    let audit = try audit(study, "--workers", "1")
    let more = try audit.hold(at: "lora-r2: training") { try Program.run("scale", "4", study.path("a")) }
    #expect(more.exitCode == 0, "\(more.errors)")
    #expect(more.output == "started worker-2, worker-3, worker-4\n")
    let fewer = try audit.hold(at: "full: training") { try Program.run("scale", "2", study.path("a")) }
    #expect(fewer.exitCode == 0, "\(fewer.errors)")
    #expect(fewer.output == "worker-3, worker-4 will finish their leases and end\n")
    let outcome = audit.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try study.read("a/results.json") == expected(study))
  }

  @Test("A drained worker finishes what it holds and ends; nothing is lent again and nothing is lost")
  func drained() throws {
    let study = try TinyStudy()
    let audit = try audit(study, "--workers", "2")
    let (drain, unknown) = try audit.hold(at: "lora-r4: training") {
      try (Program.run("drain", "worker-1", study.path("a")), Program.run("drain", "nobody", study.path("a")))
    }
    #expect(drain.exitCode == 0, "\(drain.errors)")
    #expect(unknown.exitCode == 1)
    #expect(unknown.errors.contains("no worker is called nobody"))
    let outcome = audit.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("worker-1 has left: it was drained"))
    #expect(try study.read("a/results.json") == expected(study))
  }

  @Test("Stopped and started again, by command and by signal, an audit ends with the same bytes")
  func stopped() throws {
    let study = try TinyStudy()
    for (phase, stop) in [("lora-r2: shadow models", "command"), ("full: training", "signal")] {
      let audit = try audit(study, "--workers", "2")
      try audit.hold(at: phase) {
        if stop == "signal" {
          kill(audit.program.identifier, SIGINT)
        } else {
          let outcome = try Program.run("stop", study.path("a"))
          #expect(outcome.exitCode == 0, "\(outcome.errors)")
        }
      }
      let outcome = audit.finish()
      #expect(outcome.exitCode == 75)
      #expect(outcome.errors.contains("start the same command again"))
    }
    let outcome = try audit(study, "--workers", "2").finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try study.read("a/results.json") == expected(study))
  }

  @Test("An audit whose coordinator is killed three times ends with the same bytes")
  func killedCoordinators() throws {
    let study = try TinyStudy()
    for phase in ["head: training", "lora-r2: training", "full: shadow models"] {
      let audit = try audit(study, "--workers", "2")
      _ = audit.hold(at: phase) { kill(audit.program.identifier, SIGKILL) }
      #expect(audit.finish().exitCode != 0)
    }
    let outcome = try audit(study, "--workers", "2").finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try study.read("a/results.json") == expected(study))
    #expect(try study.files(in: "a/states").isEmpty)
  }

  @Test("The log of an audit names every phase once, however short it was")
  func phases() throws {
    let study = try TinyStudy()
    let outcome = try audit(study, "--workers", "2").finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for (number, phase) in ["head", "lora-r2", "lora-r4", "full"].flatMap({ arm in
      ["training", "evaluation", "shadow models"].map { "\(arm): \($0)" }
    }).enumerated() {
      #expect(outcome.errors.components(separatedBy: "[\(number + 1)/12] \(phase)").count == 2, "\(outcome.errors)")
    }
  }

  @Test("An audit that kills and stops its own workers all the time ends with the same bytes")
  func chaos() throws {
    let study = try TinyStudy()
    let outcome = try audit(study, "--workers", "3", "--chaos", "0.7").finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try study.read("a/results.json") == expected(study))
  }

  @Test("Every micro-batch computed twice, by members that must agree, gives the same bytes")
  func duplicates() throws {
    let study = try TinyStudy()
    let outcome = try audit(study, "--workers", "2", "--duplicates", "1").finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try study.read("a/results.json") == expected(study))
  }

  @Test("Over tcp with keys, and without shared memory, an audit ends with the same bytes")
  func keys() throws {
    let study = try TinyStudy()
    for arguments in [["coordinator"], ["worker", "one"], ["admin", "boss"]] {
      let made = try Program.run(["keys"] + arguments + ["--directory", study.path("keys")])
      #expect(made.exitCode == 0, "\(made.errors)")
    }
    let coordinator = try WatchedAudit(
      [
        "coordinator", study.path("audit.yaml"), "--listen", "tcp://127.0.0.1:*", "--keys", study.path("keys"),
        "--output", study.path("a"),
      ])
    let address = coordinator.word(startingWith: "tcp://127.0.0.1:")
    let stranger = try Program.run("worker", "--connect", address, "--patience", "2")
    #expect(stranger.exitCode != 0)
    let worker = try Program([
      "worker", "--connect", address, "--key", study.path("keys/worker-one.key"), "--no-shared-memory",
    ])
    let (byWorker, byAdmin) = try coordinator.hold(at: "lora-r4: training", workers: [worker.identifier]) {
      func status(_ key: String) throws -> Program.Outcome {
        try Program.run("status", "--connect", address, "--key", study.path("keys/\(key).key"), "--json")
      }
      return try (status("worker-one"), status("admin-boss"))
    }
    #expect(byWorker.exitCode != 0)
    #expect(byAdmin.exitCode == 0, "\(byAdmin.errors)")
    let status = try #require(try JSONSerialization.jsonObject(with: Data(byAdmin.output.utf8)) as? [String: Any])
    #expect((status["refusals"] as? [String: Int])?.isEmpty == false)
    let outcome = coordinator.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(worker.wait().exitCode == 0)
    #expect(try study.read("a/results.json") == expected(study))
  }

  @Test("Status tells of workers, runs and progress, for people and for programs")
  func status() throws {
    let study = try TinyStudy()
    let audit = try audit(study, "--workers", "2")
    let (text, json) = try audit.hold(at: "lora-r2: training") {
      try (Program.run("status", study.path("a")), Program.run("status", study.path("a"), "--json"))
    }
    #expect(text.exitCode == 0, "\(text.errors)")
    for word in ["WORKER", "worker-1", "worker-2", "lora-r2: training", "steps in this session"] {
      #expect(text.output.contains(word))
    }
    let status = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect((status["workers"] as? [[String: Any]])?.count == 2)
    #expect((status["runs"] as? [[String: Any]])?.count == 32)
    #expect(audit.finish().exitCode == 0)
    let keyless = try Program.run("status", "--connect", "tcp://127.0.0.1:1")
    #expect(keyless.exitCode == 64 && keyless.errors.contains("needs --key"), "\(keyless.errors)")
    let none = try Program.run("status", study.path("a"))
    #expect(none.exitCode == 69)
    #expect(none.errors.contains("no audit runs there"))
  }
}

/// An audit whose progress is watched.
final class WatchedAudit {
  let program: Program
  private let seen: Seen

  private final class Seen: Sendable {
    let text = Mutex("")
    let changed = DispatchSemaphore(value: 0)
  }

  init(
    _ arguments: [String], launcher: [String] = [], in folder: String? = nil, environment: [String: String] = [:]
  ) throws {
    let seen = Seen()
    self.seen = seen
    program = try Program(
      arguments, launcher: launcher, in: folder, environment: environment,
      onErrors: { piece in
        seen.text.withLock { $0 += piece }
        seen.changed.signal()
      })
  }

  /// Waits until it has said this; an issue is recorded if it ends without having said so.
  func wait(for phrase: String) {
    func isSaid() -> Bool { seen.text.withLock { $0.contains(phrase) } }
    while !isSaid(), program.isRunning { _ = seen.changed.wait(timeout: .now() + 0.1) }
    // What it wrote last is read by another thread.
    for _ in 0..<100 where !isSaid() { _ = seen.changed.wait(timeout: .now() + 0.1) }
    if !isSaid() { Issue.record("ended without saying \"\(phrase)\": \(seen.text.withLock { $0 })") }
  }

  /// The first word that begins like this, once it is there.
  func word(startingWith start: String) -> String {
    wait(for: start)
    return seen.text.withLock { text in
      text.firstRange(of: start).map { String(text[$0.lowerBound...].prefix { !$0.isWhitespace }) } ?? ""
    }
  }

  /// Waits until it has said this, and lets its workers stand still while `body` looks or acts, so that it cannot end
  /// meanwhile, however fast it is.
  ///
  /// - Parameter workers: the processes of its workers; those that it started when left out.
  func hold<Result>(
    at phrase: String, workers: [Int32]? = nil, _ body: () throws -> Result
  ) rethrows -> Result {
    wait(for: phrase)
    let held = workers ?? program.children
    for worker in held { kill(worker, SIGSTOP) }
    defer { for worker in held { kill(worker, SIGCONT) } }
    return try body()
  }

  func finish() -> Program.Outcome { program.wait() }
}

import Foundation
import Testing

/// Contents that cannot be had, and files that are not what they were.
@Suite(.timeLimit(.minutes(45)), .serialized) struct MissingContentTests {
  /// Starts a coordinator, changes one of its files, and lets a worker come; returns what both say.
  private func audit(changing change: (String) throws -> Void) throws -> (
    coordinator: Program.Outcome, worker: Program.Outcome, item: String
  ) {
    let study = try TinyStudy()
    try study.write(TinyStudy.specification(arms: "[{lora: {rank: 2, alpha: 8}}]"), to: "audit.yaml")
    let coordinator = try WatchedAudit(
      [
        "coordinator", study.path("audit.yaml"), "--listen", "tcp://127.0.0.1:*", "--output", study.path("a"),
      ])
    let address = coordinator.word(startingWith: "tcp://127.0.0.1:")
    let lines = String(decoding: try study.read("data/faces.csv"), as: UTF8.self).split(separator: "\n")
    let item = study.path("data/\(lines[1].prefix { $0 != "," })")
    try change(item)
    let worker = try Program(
      ["worker", "--connect", address, "--name", "alone"], environment: ["TENBIN_CACHE": study.path("cache")])
    return (coordinator.finish(), worker.wait(), item)
  }

  @Test("A file that has gone since the audit was planned ends it with an error that names the file")
  func gone() throws {
    let outcome = try audit { try FileManager.default.removeItem(atPath: $0) }
    #expect(outcome.coordinator.exitCode == 1)
    for errors in [outcome.coordinator.errors, outcome.worker.errors] {
      #expect(errors.contains("\(outcome.item) (content "), "\(errors)")
      #expect(errors.contains("the coordinator cannot send it"), "\(errors)")
    }
  }

  @Test("A file whose bytes have changed since the audit was planned ends it with an error that names the file")
  func changed() throws {
    let outcome = try audit { path in
      var bytes = try Data(contentsOf: URL(filePath: path))
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: URL(filePath: path))
    }
    #expect(outcome.coordinator.exitCode == 1)
    #expect(outcome.coordinator.errors.contains("\(outcome.item) (content "), "\(outcome.coordinator.errors)")
    #expect(outcome.coordinator.errors.contains("restore it on the coordinator's host, or start anew"))
  }
}

import Foundation
import Testing

/// Audits whose disk is full, or whose files were torn.
@Suite(.timeLimit(.minutes(45)), .serialized) struct TornFilesTests {
  private func expected(_ study: TinyStudy) throws -> Data {
    let whole = try Program.run(
      "audit", study.path("audit.yaml"), "--workers", "1", "--output", study.path("expected"))
    #expect(whole.exitCode == 0, "\(whole.errors)")
    return try study.read("expected/results.json")
  }

  private func command(_ study: TinyStudy, output: String) -> [String] {
    ["audit", study.path("audit.yaml"), "--workers", "2", "--output", output]
  }

  /// Cuts a file off in its middle, or writes noise there.
  private func damage(_ file: String, cut: Bool) throws {
    var bytes = try Data(contentsOf: URL(filePath: file))
    let middle = bytes.count / 2
    if cut {
      bytes = bytes.prefix(middle)
    } else {
      for index in middle..<min(middle + 100, bytes.count) { bytes[index] ^= 0xA5 }
    }
    try bytes.write(to: URL(filePath: file))
  }

  @Test("With its log and states cut off or garbled after a kill, an audit goes on and ends with the same bytes")
  func torn() throws {
    let study = try TinyStudy()
    for (phase, cut) in [("head: evaluation", true), ("lora-r2: evaluation", false), ("full: evaluation", true)] {
      let audit = try WatchedAudit(command(study, output: study.path("a")))
      _ = audit.hold(at: phase) { kill(audit.program.identifier, SIGKILL) }
      #expect(audit.finish().exitCode != 0)
      let log = study.path("a/ledger.sqlite-wal")
      #expect(FileManager.default.fileExists(atPath: log))
      try damage(log, cut: cut)
      for state in try study.files(in: "a/states") { try damage(study.path("a/states/\(state)"), cut: cut) }
    }
    let outcome = try Program.run(command(study, output: study.path("a")))
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try study.read("a/results.json") == expected(study))
    #expect(try study.files(in: "a/states").isEmpty)
    let verified = try Program.run("verify", study.path("a"), "--strict")
    #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
  }

  @Test("A damaged ledger is refused: the error names the file and says what to do")
  func damagedLedger() throws {
    let study = try TinyStudy()
    let audit = try WatchedAudit(command(study, output: study.path("a")))
    let stop = try audit.hold(at: "lora-r2: evaluation") { try Program.run("stop", study.path("a")) }
    #expect(stop.exitCode == 0, "\(stop.errors)")
    _ = audit.finish()
    let file = study.path("a/ledger.sqlite")
    var bytes = try Data(contentsOf: URL(filePath: file))
    for start in stride(from: 4096, to: bytes.count, by: 4096) {
      for index in start..<start + 50 { bytes[index] ^= 0xA5 }
    }
    try bytes.write(to: URL(filePath: file))
    let outcome = try Program.run(command(study, output: study.path("a")))
    #expect(outcome.exitCode == 1)
    #expect(outcome.errors.contains("\(file): is damaged: "))
    #expect(outcome.errors.contains("choose another --output"))
    let verified = try Program.run("verify", study.path("a"))
    #expect(verified.exitCode == 1)
    #expect(verified.errors.contains("is damaged"))
  }

  @Test(
    "On a disk that is full an audit ends with an error that says so, and goes on to the same bytes when there is room",
    .enabled(if: SmallDisk.canBeMade, "file systems cannot be mounted here"))
  func fullDisk() throws {
    let study = try TinyStudy()
    let disk = try SmallDisk(at: study.path("disk"), kibibytes: 64)
    var failures = 0
    for kibibytes in [64, 256, 700, 1_500, 2_500, 4_000] {
      try disk.resize(kibibytes: kibibytes)
      let outcome = try Program.run(command(study, output: study.path("disk/a")))
      if outcome.exitCode == 0 { break }
      #expect(outcome.exitCode == 1, "\(outcome.errors)")
      let error = outcome.errors.split(separator: "\n").last { $0.hasPrefix("error: ") } ?? ""
      #expect(error.contains("disk is full") || error.contains("No space left"), "\(kibibytes) KiB: \(outcome.errors)")
      failures += 1
    }
    #expect(failures >= 3)
    try disk.resize(kibibytes: 200_000)
    let outcome = try Program.run(command(study, output: study.path("disk/a")))
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try study.read("disk/a/results.json") == expected(study))
    let verified = try Program.run("verify", study.path("disk/a"), "--strict")
    #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
  }

  @Test("A second coordinator on the same folder is refused, and the first one goes on")
  func twoCoordinators() throws {
    let study = try TinyStudy()
    let first = try WatchedAudit(
      ["coordinator", study.path("audit.yaml"), "--listen", "tcp://127.0.0.1:*", "--output", study.path("a")])
    // Without a worker it cannot be done before the second has looked.
    let address = first.word(startingWith: "tcp://127.0.0.1:")
    let second = try Program.run(command(study, output: study.path("a")))
    #expect(second.exitCode == 1)
    #expect(second.errors.contains("another coordinator is working on this audit"))
    let worker = try Program(["worker", "--connect", address])
    let outcome = first.finish()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(worker.wait().exitCode == 0)
    #expect(try study.read("a/results.json") == expected(study))
  }
}

/// A file system of its own that is as small as one likes; only root can make one.
final class SmallDisk {
  private let path: String

  init(at path: String, kibibytes: Int) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Self.run("mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", path)
  }

  deinit { try? Self.run("umount", "-l", path) }

  func resize(kibibytes: Int) throws { try Self.run("mount", "-o", "remount,size=\(kibibytes)k", path) }

  static var canBeMade: Bool {
    guard getuid() == 0 else { return false }
    let path = FileManager.default.temporaryDirectory.appending(path: "tenbin-disk-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    return (try? SmallDisk(at: path, kibibytes: 64)) != nil
  }

  private struct Failure: Error { let command: [String] }

  private static func run(_ command: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(command: command) }
  }
}

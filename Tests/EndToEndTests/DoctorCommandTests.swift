import Foundation
import TestSupport
import Testing

/// `tenbin doctor` on the machine that the tests run on.
@Suite(.timeLimit(.minutes(45)), .serialized) struct DoctorCommandTests {
  /// Runs `tenbin doctor` with an environment of its own.
  private func doctor(_ arguments: [String] = [], environment: [String: String]) throws -> (code: Int32, output: String)
  {
    let process = Process()
    process.executableURL = Program.folder.appending(path: "tenbin")
    process.arguments = ["doctor"] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  @Test("Where tests can run an audit can: exit code 0, a line a check on standard output, no colours in a pipe")
  func healthy() throws {
    let outcome = try Program.run("doctor")
    #expect(outcome.exitCode == 0, "\(outcome.output)")
    for word in ["processor", "cores", "memory", "shared memory", "local sockets", "tenbin-worker", "starts"] {
      #expect(outcome.output.contains(word), "\(outcome.output) lacks \(word)")
    }
    #expect(outcome.output.contains("an audit can run here"))
    #expect(!outcome.output.contains("\u{1B}"))
    #expect(outcome.errors.isEmpty)
  }

  @Test("A worker that cannot be run ends doctor with exit code 1 and the way to build it, in JSON too")
  func withoutWorker() throws {
    let absent = ["TENBIN_WORKER": "/nowhere/tenbin-worker"]
    let outcome = try doctor(environment: absent)
    #expect(outcome.code == 1)
    #expect(outcome.output.contains("missing  tenbin-worker"))
    #expect(outcome.output.contains("/nowhere/tenbin-worker") && outcome.output.contains("swift build"))
    #expect(outcome.output.contains("an audit cannot run here, 1 thing is missing"))
    let json = try doctor(["--json"], environment: absent)
    #expect(json.code == 1)
    let document = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect(document["can_run_audit"] as? Bool == false)
  }

  @Test("Folders come from --output and the environment, and what is wrong with them is named")
  func folders() throws {
    let folder = try TemporaryFolder()
    try folder.write("a file", to: "file")
    let runtime = "\(folder.path)/\(String(repeating: "runtime", count: 20))"
    let outcome = try doctor(
      ["--output", "\(folder.path)/new/output"],
      environment: [
        "TENBIN_CACHE": "relative", "TMPDIR": "\(folder.path)/file", "XDG_RUNTIME_DIR": runtime,
      ])
    #expect(outcome.code == 1)
    #expect(outcome.output.contains("ok       output folder     \(folder.path)/new/output"), "\(outcome.output)")
    #expect(outcome.output.contains("TENBIN_CACHE must be a path that begins with /"))
    #expect(outcome.output.contains("missing  temporary folder"))
    #expect(outcome.output.contains("set XDG_RUNTIME_DIR to a shorter path"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/new"))
  }
}

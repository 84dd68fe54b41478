import Diagnostics
import Foundation
import TestSupport
import Testing

/// Looks at the machine that the tests run on: what is found must be possible, and nothing may be left behind.
@Suite(.timeLimit(.minutes(45))) struct ProbeTests {
  private func probe(in folder: TemporaryFolder, worker: String = "/bin/true") -> Probe {
    Probe(
      output: "\(folder.path)/not/yet/made", cache: "\(folder.path)/cache", worker: .success(worker),
      environment: ["TMPDIR": folder.path, "XDG_RUNTIME_DIR": folder.path])
  }

  @Test("What is found on this machine is possible, and folders that do not exist yet are not made")
  func thisMachine() throws {
    let folder = try TemporaryFolder()
    let findings = probe(in: folder).findings()
    #expect(findings.processor.cores >= 1 && findings.processor.usableCores >= 1)
    #expect(!findings.processor.features.isEmpty)
    #expect(findings.memory.total > 0 && findings.memory.available <= findings.memory.total)
    #expect(findings.folders.map(\.purpose) == ["output", "cache", "temporary"])
    #expect(findings.folders.allSatisfy { $0.problem == nil && ($0.freeBytes ?? 0) > 0 })
    #expect(findings.loopbackProblem == nil)
    #expect(findings.clock.isMonotonic && findings.clock.fileSystemDeviation != nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test("A socket in the runtime folder connects; a folder that is missing or too long says so")
  func runtimeFolder() throws {
    let folder = try TemporaryFolder()
    var probe = probe(in: folder)
    probe.runtimeBase = "/tmp"
    let found = probe.findings().runtimeFolder
    #expect(found.problem == nil)
    #expect(found.socketPathLength < 60)
    probe.runtimeBase = "\(folder.path)/missing"
    #expect(probe.findings().runtimeFolder.problem?.contains("make a folder") == true)
    let long = "\(folder.path)/\(String(repeating: "long", count: 30))"
    try FileManager.default.createDirectory(atPath: long, withIntermediateDirectories: true)
    probe.runtimeBase = long
    #expect(probe.findings().runtimeFolder.socketPathLength > 107)
    #expect(try FileManager.default.contentsOfDirectory(atPath: long).isEmpty)
  }

  @Test("Shared memory that is no folder is a problem, and one that is can be mapped")
  func sharedMemory() throws {
    let folder = try TemporaryFolder()
    var probe = probe(in: folder)
    probe.sharedMemory = folder.path
    #expect(probe.findings().sharedMemory.problem == nil)
    probe.sharedMemory = "\(folder.path)/missing"
    #expect(probe.findings().sharedMemory.problem != nil)
  }

  @Test("A worker that starts, one that fails with a reason, one that cannot be started, and none at all")
  func worker() throws {
    let folder = try TemporaryFolder()
    guard case .starts(let path, _) = probe(in: folder).findings().worker else {
      Issue.record("/bin/true did not start")
      return
    }
    #expect(path == "/bin/true")
    let script = "\(folder.path)/worker"
    try "#!/bin/sh\necho 'error while loading shared libraries: libtorch.so' >&2\nexit 127\n"
      .write(toFile: script, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    #expect(
      probe(in: folder, worker: script).findings().worker
        == .fails(path: script, reason: "error while loading shared libraries: libtorch.so"))
    guard case .fails(_, let reason) = probe(in: folder, worker: "\(folder.path)/none").findings().worker else {
      Issue.record("a program that is not there has started")
      return
    }
    #expect(reason.contains("cannot be started"))
    var probe = probe(in: folder)
    probe.worker = .failure(Probe.WorkerAbsence(reason: "it is nowhere"))
    #expect(probe.findings().worker == .absent(reason: "it is nowhere"))
  }

  @Test("A program that hangs is ended after its limit, and what a talkative one says is read whole")
  func shortProcesses() throws {
    let hanging = try ShortProcess.run("/bin/sleep", ["1000"], limit: 0.1)
    #expect(hanging.isTimedOut && hanging.lastWord.contains("did not end"))
    let talking = try ShortProcess.run(
      "/bin/sh", ["-c", "head -c 300000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero | tr '\\0' y >&2; exit 3"],
      limit: 60)
    #expect(talking.output.count == 300_000 && talking.errors.count == 300_000)
    #expect(talking.exitCode == 3 && !talking.isTimedOut)
  }
}

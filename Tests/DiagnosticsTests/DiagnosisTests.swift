import Diagnostics
import Foundation
import Testing

/// From what was seen of a machine to what is said of it; no machine is looked at.
@Suite struct DiagnosisTests {
  /// A machine on which there is nothing to say.
  private static let healthy = MachineFindings(
    processor: .init(model: "A processor", features: ["avx2", "avx512f", "avx512_bf16"], cores: 8),
    memory: .init(total: 64 << 30, available: 60 << 30),
    folders: ["output", "cache", "temporary"].map {
      .init(purpose: $0, path: "/somewhere/\($0)", freeBytes: 100 << 30, remedy: "name another for \($0)")
    },
    sharedMemory: .init(path: "/dev/shm", totalBytes: 32 << 30, freeBytes: 32 << 30),
    limits: .init(openFiles: 20_000, lockedBytes: 8 << 20, processes: nil),
    runtimeFolder: .init(path: "/run/user/1000", socketPathLength: 44), loopbackProblem: nil,
    worker: .starts(path: "/opt/tenbin-worker", seconds: 0.3),
    clock: .init(secondsSince1970: 1_800_000_000, fileSystemDeviation: 0.01, isMonotonic: true),
    activity: .init(workers: 0, load: 0.2))

  private func diagnosis(_ change: (inout MachineFindings) -> Void) -> Diagnosis {
    var findings = Self.healthy
    change(&findings)
    return Diagnosis(findings)
  }

  /// Expects that the check `name`, and no other, has the verdict, and says all of the words.
  private func expect(
    _ name: String, _ verdict: Check.Verdict, saying words: [String], location: SourceLocation = #_sourceLocation,
    _ change: (inout MachineFindings) -> Void
  ) {
    let diagnosis = diagnosis(change)
    let others = diagnosis.checks.filter { $0.verdict != .ok }
    #expect(others.map(\.name) == [name], sourceLocation: location)
    #expect(others.map(\.verdict) == [verdict], sourceLocation: location)
    #expect(diagnosis.canRunAudit == (verdict != .missing), sourceLocation: location)
    let text = others.map { "\($0.finding); \($0.advice ?? "")" }.joined()
    for word in words { #expect(text.contains(word), "\(text) lacks \(word)", sourceLocation: location) }
  }

  @Test("A healthy machine gets a line a check, no advice, and may run an audit")
  func healthy() {
    let diagnosis = Diagnosis(Self.healthy)
    #expect(diagnosis.canRunAudit)
    #expect(diagnosis.checks.allSatisfy { $0.verdict == .ok && $0.advice == nil })
    let lines = diagnosis.lines(isColored: false)
    #expect(lines.count == diagnosis.checks.count + 2)
    #expect(lines.last == "an audit can run here")
    #expect(lines.contains { $0.hasPrefix("ok") && $0.contains("avx2, avx512, bf16") })
    #expect(Set(diagnosis.checks.map(\.name)).count == diagnosis.checks.count)
  }

  @Test("A processor without avx2 or bf16, and a container with less time than cores, are warned of")
  func processor() {
    expect("processor", .warning, saying: ["no avx2"]) { $0.processor.features = ["sse4_2"] }
    expect("processor", .warning, saying: ["no bf16", "fp32"]) { $0.processor.features = ["avx2", "avx512f"] }
    expect("cores", .warning, saying: ["8 cores", "1.5", "1 worker "]) { $0.processor.quota = 1.5 }
    #expect(diagnosis { $0.processor.features = ["asimd", "bf16"] }.checks.allSatisfy { $0.verdict == .ok })
    #expect(diagnosis { $0.processor.quota = 8 }.checks.allSatisfy { $0.verdict == .ok })
  }

  @Test("Too little memory keeps an audit from running; swap in use and other work are warned of")
  func memory() {
    expect("memory", .missing, saying: ["512 MiB", "--dry-run"]) { $0.memory.available = 512 << 20 }
    expect("swap", .warning, saying: ["10.0 GiB"]) {
      $0.memory.swapTotal = 16 << 30
      $0.memory.swapUsed = 10 << 30
    }
    expect("other work", .warning, saying: ["2 tenbin-worker processes", "wait"]) { $0.activity.workers = 2 }
    expect("other work", .warning, saying: ["load 6.0"]) { $0.activity.load = 6 }
  }

  @Test("A folder that cannot be written to or is full is missing; one that is nearly full is warned of")
  func folders() {
    expect("output folder", .missing, saying: ["/somewhere/output", "Permission denied", "name another for output"]) {
      $0.folders[0].problem = "make a file: Permission denied"
    }
    expect("cache folder", .missing, saying: ["10 MiB", "make room"]) { $0.folders[1].freeBytes = 10 << 20 }
    expect("temporary folder", .warning, saying: ["500 MiB", "name another for temporary"]) {
      $0.folders[2].freeBytes = 500 << 20
    }
  }

  @Test("Shared memory that cannot be mapped is missing; Docker's 64 MiB are warned of with the way to enlarge them")
  func sharedMemory() {
    expect("shared memory", .missing, saying: ["No such file", "tmpfs"]) {
      $0.sharedMemory.problem = "make a file: No such file or directory"
    }
    expect("shared memory", .warning, saying: ["64 MiB", "--shm-size"]) { $0.sharedMemory.freeBytes = 64 << 20 }
  }

  @Test("Limits of open files, locked memory and processes name the ulimit that raises them")
  func limits() {
    expect("open files", .warning, saying: ["512", "ulimit -n"]) { $0.limits.openFiles = 512 }
    expect("open files", .missing, saying: ["64", "ulimit -n"]) { $0.limits.openFiles = 64 }
    expect("locked memory", .warning, saying: ["ulimit -l"]) { $0.limits.lockedBytes = 0 }
    expect("processes", .warning, saying: ["ulimit -u"]) { $0.limits.processes = 200 }
    expect("processes", .missing, saying: ["ulimit -u"]) { $0.limits.processes = 20 }
  }

  @Test("A runtime folder whose sockets' names are too long, or that takes no socket, is missing")
  func sockets() {
    expect("local sockets", .missing, saying: ["130 bytes", "107", "XDG_RUNTIME_DIR", "--listen"]) {
      $0.runtimeFolder.socketPathLength = 130
    }
    expect("local sockets", .missing, saying: ["Permission denied"]) {
      $0.runtimeFolder.problem = "make a folder: Permission denied"
    }
    expect("loopback", .warning, saying: ["127.0.0.1", "lo up"]) { $0.loopbackProblem = "connect: refused" }
  }

  @Test("Clocks that stand in the past, deviate or go backwards are told apart")
  func clocks() {
    expect("clock", .warning, saying: ["before 2025"]) { $0.clock.secondsSince1970 = 0 }
    expect("clock", .warning, saying: ["60 s behind"]) { $0.clock.fileSystemDeviation = -60 }
    expect("clock", .missing, saying: ["backwards"]) { $0.clock.isMonotonic = false }
  }

  @Test("A worker that is not there, lacks libtorch or cannot start is missing, each with its own advice")
  func worker() {
    expect("tenbin-worker", .missing, saying: ["/x: cannot be run; build it"]) {
      $0.worker = .absent(reason: "/x: cannot be run; build it")
    }
    expect("tenbin-worker", .missing, saying: ["libtorch.so", "scripts/setup", "TENBIN_LIBTORCH"]) {
      $0.worker = .fails(path: "/x", reason: "error while loading shared libraries: libtorch.so: cannot open")
    }
    expect("tenbin-worker", .missing, saying: ["signal 4", "--help"]) {
      $0.worker = .fails(path: "/x", reason: "it ended with exit code or signal 4")
    }
  }

  @Test("The last line counts what is missing and what is warned of; colours appear only when asked for")
  func lines() {
    let diagnosis = diagnosis {
      $0.limits.openFiles = 10
      $0.limits.processes = 10
      $0.activity.load = 100
    }
    let plain = diagnosis.lines(isColored: false)
    #expect(plain.last == "an audit cannot run here, 2 things are missing, 1 warning")
    #expect(!plain.contains { $0.contains("\u{1B}") })
    #expect(diagnosis.lines(isColored: true).contains { $0.hasPrefix("\u{1B}[31mmissing\u{1B}[0m") })
  }

  @Test("JSON tells whether an audit can run, and each check with its verdict and advice")
  func json() throws {
    let text = try diagnosis { $0.limits.openFiles = 512 }.json
    let document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(document["can_run_audit"] as? Bool == true)
    let checks = try #require(document["checks"] as? [[String: Any]])
    let check = try #require(checks.first { $0["name"] as? String == "open files" })
    #expect(check["verdict"] as? String == "warning")
    #expect((check["advice"] as? String)?.contains("ulimit") == true)
  }
}

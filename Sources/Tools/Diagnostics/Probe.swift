internal import Foundation
internal import Synchronization

/// Examines this machine; the files it creates for that are removed before it returns.
package struct Probe: Sendable {
  /// Where results would go.
  package var output: String
  /// Where conversions are kept; nil if no folder can be named, for the reason in `cacheProblem`.
  package var cache: String?
  package var cacheProblem: String?
  package var temporary: String
  package var sharedMemory: String
  /// The folder that sockets of an audit lie below.
  package var runtimeBase: String
  /// Where `tenbin-worker` is expected, or why there is none.
  package var worker: Result<String, WorkerAbsence>

  /// Why there is no program that computes.
  package struct WorkerAbsence: Error, Sendable {
    /// Where it was expected, and what to do.
    package var reason: String

    package init(reason: String) { self.reason = reason }
  }

  /// - Parameter environment: where XDG_RUNTIME_DIR and TMPDIR are looked up.
  package init(
    output: String, cache: String?, cacheProblem: String? = nil, worker: Result<String, WorkerAbsence>,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.output = output
    self.cache = cache
    self.cacheProblem = cacheProblem
    self.worker = worker
    temporary = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    runtimeBase = environment["XDG_RUNTIME_DIR"] ?? "/tmp"
    sharedMemory = "/dev/shm"
  }

  /// Takes a second or two: the program that computes is started once.
  package func findings() -> MachineFindings {
    MachineFindings(
      processor: MachineProbe.processor, memory: MachineProbe.memory, folders: folders,
      sharedMemory: FolderProbe.sharedMemory(at: sharedMemory), limits: MachineProbe.limits,
      runtimeFolder: SocketProbe.runtimeFolder(base: runtimeBase), loopbackProblem: SocketProbe.loopbackProblem,
      worker: workerFindings, clock: MachineProbe.clock(folder: output), activity: MachineProbe.activity)
  }

  private var folders: [MachineFindings.Folder] {
    let cacheRemedy = "name another with TENBIN_CACHE"
    let cacheFolder =
      cache.map { FolderProbe.folder(for: "cache", at: $0, remedy: cacheRemedy) }
      ?? MachineFindings.Folder(
        purpose: "cache", path: "none", freeBytes: nil, problem: cacheProblem ?? "no folder is named",
        remedy: cacheRemedy)
    return [
      FolderProbe.folder(for: "output", at: output, remedy: "name another with --output"), cacheFolder,
      FolderProbe.folder(for: "temporary", at: temporary, remedy: "name another with TMPDIR"),
    ]
  }

  /// Seconds that a program may take to print its help, on a slow disk too.
  private static let patience = 60.0

  private var workerFindings: MachineFindings.Worker {
    let path: String
    switch worker {
    case .success(let found): path = found
    case .failure(let absence): return .absent(reason: absence.reason)
    }
    do {
      let run = try ShortProcess.run(path, ["--help"], limit: Self.patience)
      guard run.exitCode == 0, !run.isTimedOut else { return .fails(path: path, reason: run.lastWord) }
      return .starts(path: path, seconds: run.seconds)
    } catch {
      return .fails(path: path, reason: "it cannot be started: \(error)")
    }
  }
}

/// Looks at processor, memory, limits, clocks and other processes of this machine.
package enum MachineProbe {
  package static var processor: MachineFindings.Processor {
    let (model, features) = SystemText.processor(SystemText.read("/proc/cpuinfo") ?? "")
    return MachineFindings.Processor(
      model: model, features: features, cores: ProcessInfo.processInfo.activeProcessorCount,
      quota: SystemText.read("/sys/fs/cgroup/cpu.max").flatMap(SystemText.quota))
  }

  package static var memory: MachineFindings.Memory {
    let text = SystemText.read("/proc/meminfo") ?? ""
    func bytes(_ key: String) -> Int { SystemText.bytes(key, in: text) ?? 0 }
    var memory = MachineFindings.Memory(
      total: bytes("MemTotal"), available: bytes("MemAvailable"), swapTotal: bytes("SwapTotal"),
      swapUsed: bytes("SwapTotal") - bytes("SwapFree"))
    if let limit = number("/sys/fs/cgroup/memory.max") {
      let used = number("/sys/fs/cgroup/memory.current") ?? 0
      memory.total = min(memory.total, limit)
      memory.available = min(memory.available, max(0, limit - used))
    }
    return memory
  }

  /// Bytes of this process that are resident; 0 if the system does not tell.
  package static var ownBytes: Int {
    SystemText.read("/proc/self/status").flatMap { SystemText.bytes("VmRSS", in: $0) } ?? 0
  }

  static var limits: MachineFindings.ResourceLimits {
    let text = SystemText.read("/proc/self/limits") ?? ""
    return MachineFindings.ResourceLimits(
      openFiles: SystemText.limit("Max open files", in: text),
      lockedBytes: SystemText.limit("Max locked memory", in: text),
      processes: SystemText.limit("Max processes", in: text))
  }

  /// - Parameter folder: whose file system's clock is compared with the machine's; it need not exist yet.
  static func clock(folder: String) -> MachineFindings.Clock {
    let before = ContinuousClock.now
    let now = Date().timeIntervalSince1970
    let made = FolderProbe.withFile(in: FolderProbe.nearestExisting(folder)) { descriptor -> Double? in
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { return nil }
      return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
    }
    let fileTime: Double? = if case .success(let time) = made { time } else { nil }
    return MachineFindings.Clock(
      secondsSince1970: Int(now), fileSystemDeviation: fileTime.map { $0 - now },
      isMonotonic: ContinuousClock.now >= before)
  }

  static var activity: MachineFindings.Activity {
    let processes = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int32($0) != nil }
    let workers = processes.count { SystemText.read("/proc/\($0)/comm") == "tenbin-worker\n" }
    let load = SystemText.read("/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) }
    return MachineFindings.Activity(workers: workers, load: load)
  }

  private static func number(_ path: String) -> Int? {
    SystemText.read(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }
}

/// A program that is run to its end, within a limit of time.
package struct ShortProcess: Sendable {
  package let exitCode: Int32
  package let output: String
  package let errors: String
  /// How long it ran.
  package let seconds: Double
  /// Whether it was ended because it took too long.
  package let isTimedOut: Bool

  /// Runs `executable`; it is killed after `limit` seconds.
  ///
  /// - Throws: the system's error where it cannot be started.
  package static func run(_ executable: String, _ arguments: [String], limit: Double) throws -> ShortProcess {
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    let pipes = (output: Pipe(), errors: Pipe())
    process.standardOutput = pipes.output
    process.standardError = pipes.errors
    let began = ContinuousClock.now
    try process.run()
    let isTimedOut = Mutex(false)
    let identifier = process.processIdentifier
    let timer = DispatchSource.makeTimerSource()
    timer.schedule(deadline: .now() + limit)
    timer.setEventHandler {
      isTimedOut.withLock { $0 = true }
      kill(identifier, SIGKILL)
    }
    timer.resume()
    // Both pipes are read at once, so that a talkative program never waits for its reader.
    let errors = Mutex(Data())
    let reader = DispatchGroup()
    reader.enter()
    let errorPipe = pipes.errors
    Thread.detachNewThread {
      let all = errorPipe.fileHandleForReading.readDataToEndOfFile()
      errors.withLock { $0 = all }
      reader.leave()
    }
    let output = pipes.output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    timer.cancel()
    reader.wait()
    return ShortProcess(
      exitCode: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
      errors: errors.withLock { String(decoding: $0, as: UTF8.self) },
      seconds: (ContinuousClock.now - began) / .seconds(1), isTimedOut: isTimedOut.withLock { $0 })
  }

  /// The last line that it said on standard error, or how it ended.
  package var lastWord: String {
    if isTimedOut { return "it did not end within \(Int(seconds)) s" }
    let line = errors.split(separator: "\n").last.map { $0.trimmingCharacters(in: .whitespaces) }
    return line.flatMap { $0.isEmpty ? nil : $0 } ?? "it ended with exit code or signal \(exitCode)"
  }
}

/// Values from Linux's text files, such as those in /proc.
enum SystemText {
  /// The contents of a file below `/proc` or `/sys`, or nil.
  static func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  /// The model and the features in the text of `/proc/cpuinfo`.
  static func processor(_ text: String) -> (model: String, features: Set<String>) {
    var model: String?
    var features: Set<String>?
    for line in text.split(separator: "\n") where model == nil || features == nil {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2 else { continue }
      switch parts[0] {
      case "model name", "CPU part": model = model ?? parts[1]
      case "flags", "Features": features = features ?? Set(parts[1].split(separator: " ").map(String.init))
      default: break
      }
    }
    return (model ?? "unknown", features ?? [])
  }

  /// The value in bytes of a line such as `MemTotal:  24000 kB` in the text of `/proc/meminfo`.
  static func bytes(_ key: String, in text: String) -> Int? {
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(key + ":") }) else { return nil }
    return line.split(separator: " ").lazy.compactMap { Int($0) }.first.map { $0 << 10 }
  }

  /// The limit in force for `name` in the text of `/proc/self/limits`; nil if there is none.
  static func limit(_ name: String, in text: String) -> Int? {
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
    return line.dropFirst(name.count).split(separator: " ").first.flatMap { Int($0) }
  }

  /// Cores' worth of time in the text of `cpu.max`, `quota period` in microseconds; nil for `max`.
  static func quota(_ text: String) -> Double? {
    let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    guard numbers.count == 2, numbers[0] > 0, numbers[1] > 0 else { return nil }
    return numbers[0] / numbers[1]
  }
}

internal import Foundation

/// Looks at this machine; what it makes to do so is gone when it returns.
package struct Probe: Sendable {
  /// Where results would go.
  package var output: String
  /// Where conversions are kept; nil where no folder can be named, for the reason in `cacheProblem`.
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

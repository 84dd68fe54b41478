internal import Foundation
internal import Support

/// The worker processes that this coordinator has started on its own host, or that an earlier one has left there.
final class LocalWorkers {
  /// How a worker ended: its name, process and exit status from `waitpid`; the status is nil if it is not a child
  /// process.
  struct Exit: Sendable {
    let name: String
    let process: Int32
    let status: Int32?

    var isClean: Bool { status == 0 }

    var description: String {
      guard let status else { return "a signal or an error" }
      return status & 0x7f == 0 ? "exit code \(status >> 8 & 0xff)" : "signal \(status & 0x7f)"
    }
  }

  struct Process: Codable {
    let identifier: Int32
    /// It was told to finish and end.
    var isLeaving = false
  }

  private let executable: String
  private let arguments: [String]
  private let logLevel: String
  private let logFolder: String
  /// The file that lists the processes for a later coordinator.
  private let register: String
  private let exited: @Sendable (Exit) -> Void
  private(set) var processes: [String: Process] = [:]

  /// - Parameters:
  ///   - executable: the path of `tenbin-worker`.
  ///   - arguments: the arguments of every worker in addition to its name and log level; a process that has them is one
  ///     of this audit's workers.
  ///   - exited: called on a thread of its own when a worker has ended.
  init(
    executable: String, arguments: [String], logLevel: String, logFolder: String, register: String,
    exited: @escaping @Sendable (Exit) -> Void
  ) {
    self.executable = executable
    self.arguments = arguments
    self.logLevel = logLevel
    self.logFolder = logFolder
    self.register = register
    self.exited = exited
  }

  func logFile(of name: String) -> String { "\(logFolder)/\(name).log" }

  /// The number of workers that were not asked to end.
  var count: Int { processes.values.count { !$0.isLeaving } }

  /// Takes over the workers that a killed coordinator has left: they are warm, and come back by themselves.
  func adopt() {
    guard let data = FileManager.default.contents(atPath: register),
      let known = try? JSONDecoder().decode([String: Process].self, from: data)
    else { return }
    for (name, process) in known where !process.isLeaving && isWorker(process.identifier) {
      processes[name] = process
      let exited = exited
      watch(name) { [register] in
        _ = register
        while Self.isAlive(process.identifier) { usleep(20_000) }
        exited(Exit(name: name, process: process.identifier, status: nil))
      }
    }
  }

  /// Whether the process is one of this audit's workers and no other program that got its number since.
  private func isWorker(_ process: Int32) -> Bool {
    guard let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") else { return false }
    let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    return Self.isAlive(process) && arguments.allSatisfy(words.contains) && words.contains("worker")
  }

  private static func isAlive(_ process: Int32) -> Bool {
    guard let status = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
    // "number (name) state …": a process that ended and was not waited for is a zombie.
    let state = status.lastIndex(of: UInt8(ascii: ")")).map { status.dropFirst($0 - status.startIndex + 2).first }
    return state != UInt8(ascii: "Z")
  }

  /// Starts workers until `count` are there; returns their names.
  @discardableResult
  func start(upTo count: Int) throws(AuditError) -> [String] {
    var started: [String] = []
    var number = 1
    while self.count < count {
      let name = "worker-\(number)"
      number += 1
      guard processes[name] == nil else { continue }
      try start(name: name)
      started.append(name)
    }
    return started
  }

  /// Starts the worker `name` in a process group of its own, so that Ctrl-C reaches the coordinator alone.
  func start(name: String) throws(AuditError) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, logFile(of: name), O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    Self.keepDescriptorsFromChildren()
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    posix_spawnattr_setpgroup(&attributes, 0)
    let line = [executable, "worker"] + arguments + ["--name", name, "--log-level", logLevel]
    var words: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let status = posix_spawn(&process, executable, &actions, &attributes, words, environ)
    guard status == 0 else {
      throw AuditError(.failure, "\(executable) cannot be started: \(String(cString: strerror(status)))")
    }
    processes[name] = Process(identifier: process)
    writeRegister()
    let (started, exited) = (process, exited)
    watch(name) {
      var status: Int32 = 0
      while waitpid(started, &status, 0) < 0 && errno == EINTR {}
      exited(Exit(name: name, process: started, status: status))
    }
  }

  private func watch(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let waiter = Thread(block: body)
    waiter.name = "waiting for \(name)"
    waiter.start()
  }

  /// The process that started the coordinator must not wait for pipes that its workers happen to hold.
  private static func keepDescriptorsFromChildren() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    for descriptor in names.compactMap({ Int32($0) }) where descriptor > 2 {
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
  }

  /// Notes that a worker was told to end: it is not started again.
  func markLeaving(_ name: String) {
    processes[name]?.isLeaving = true
    writeRegister()
  }

  /// Forgets a worker that has ended.
  func remove(_ name: String) {
    processes[name] = nil
    writeRegister()
  }

  private func writeRegister() {
    if let data = try? JSONEncoder().encode(processes) {
      try? DurableFile.write(data, to: register)
    }
  }

  /// Ends the workers that still run. They were told to end; one that has not ended after two seconds is killed.
  func terminate() {
    let deadline = Date(timeIntervalSinceNow: 2)
    while Date() < deadline, processes.values.contains(where: { Self.isAlive($0.identifier) }) { usleep(10_000) }
    for process in processes.values where Self.isAlive(process.identifier) { kill(process.identifier, SIGKILL) }
    unlink(register)
  }

  /// Ends all of them at once.
  static func killAll(register: String) {
    guard let data = FileManager.default.contents(atPath: register),
      let known = try? JSONDecoder().decode([String: Process].self, from: data)
    else { return }
    for process in known.values { kill(process.identifier, SIGKILL) }
  }
}

/// The program that has libtorch.
package enum WorkerProgram {
  /// Its path: from `TENBIN_WORKER`, or in the folder of the running program.
  ///
  /// - Throws: `AuditError` when it cannot be run there.
  package static func path() throws(AuditError) -> String {
    let path: String
    if let named = ProcessInfo.processInfo.environment["TENBIN_WORKER"] {
      path = named
    } else {
      let own =
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
      path = URL(filePath: own).deletingLastPathComponent().appending(path: "tenbin-worker").path(percentEncoded: false)
    }
    guard access(path, X_OK) == 0 else {
      throw AuditError(
        .failure, "\(path): cannot be run; build it with swift build -c release, or name it in TENBIN_WORKER")
    }
    return path
  }
}

/// Faults that an audit makes in its own workers, to show that they do not change its results.
struct Chaos {
  private let meanTime: Duration
  private var next: Duration?
  private var hit: Set<Int32> = []
  /// Processes that were stopped, and when they continue.
  private var stopped: [Int32: Duration] = [:]
  private var generator = SystemRandomNumberGenerator()

  init(meanTime: Duration) {
    self.meanTime = meanTime
  }

  /// Whether this process was killed here.
  func hasHit(_ process: Int32) -> Bool { hit.contains(process) }

  /// Kills or stops a worker when it is time to: twice in three times the first, for up to five seconds the second.
  mutating func act(on workers: LocalWorkers, at now: Duration) {
    for (process, end) in stopped where now >= end {
      kill(process, SIGCONT)
      stopped[process] = nil
    }
    guard let due = next else {
      next = now + pause()
      return
    }
    guard now >= due else { return }
    next = now + pause()
    guard let victim = workers.processes.values.map(\.identifier).sorted().randomElement(using: &generator) else {
      return
    }
    if Int.random(in: 0..<3, using: &generator) < 2 {
      hit.insert(victim)
      stopped[victim] = nil
      kill(victim, SIGKILL)
    } else {
      stopped[victim] = now + .milliseconds(Int.random(in: 500...5_000, using: &generator))
      kill(victim, SIGSTOP)
    }
  }

  /// Exponentially distributed.
  private mutating func pause() -> Duration {
    meanTime * -log(Double.random(in: Double.leastNonzeroMagnitude...1, using: &generator))
  }
}

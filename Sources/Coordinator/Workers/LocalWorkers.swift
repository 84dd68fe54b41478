internal import Foundation

/// The worker processes that this coordinator has started on its own host.
final class LocalWorkers {
  /// How a worker ended: its name, process and exit status as `waitpid` tells it.
  struct Exit: Sendable {
    let name: String
    let process: Int32
    let status: Int32

    var description: String {
      status & 0x7f == 0 ? "exit code \(status >> 8 & 0xff)" : "signal \(status & 0x7f)"
    }
  }

  private let executable: String
  private let arguments: [String]
  private let logFolder: String
  private let exited: @Sendable (Exit) -> Void
  private(set) var processes: [String: Int32] = [:]

  /// - Parameters:
  ///   - executable: the path of `tenbin-worker`.
  ///   - arguments: what every worker is started with, besides its name.
  ///   - exited: told, on a thread of its own, when a worker has ended.
  init(
    executable: String, arguments: [String], logFolder: String, exited: @escaping @Sendable (Exit) -> Void
  ) {
    self.executable = executable
    self.arguments = arguments
    self.logFolder = logFolder
    self.exited = exited
  }

  func logFile(of name: String) -> String { "\(logFolder)/\(name).log" }

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
    var words: [UnsafeMutablePointer<CChar>?] = ([executable, "worker"] + arguments + ["--name", name]).map {
      strdup($0)
    }
    words.append(nil)
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let status = posix_spawn(&process, executable, &actions, &attributes, words, environ)
    guard status == 0 else {
      throw AuditError(.failure, "\(executable) cannot be started: \(String(cString: strerror(status)))")
    }
    processes[name] = process
    let started = process
    let exited = exited
    let waiter = Thread {
      var status: Int32 = 0
      while waitpid(started, &status, 0) < 0 && errno == EINTR {}
      exited(Exit(name: name, process: started, status: status))
    }
    waiter.name = "waiting for \(name)"
    waiter.start()
  }

  /// Whoever started the coordinator must not wait for pipes that its workers happen to hold.
  private static func keepDescriptorsFromChildren() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    for descriptor in names.compactMap({ Int32($0) }) where descriptor > 2 {
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
  }

  /// Forgets a worker that has ended.
  func remove(_ name: String) { processes[name] = nil }

  /// Ends whichever of them still run.
  func terminate() {
    for process in processes.values { kill(process, SIGTERM) }
  }
}

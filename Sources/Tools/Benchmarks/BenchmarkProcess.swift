import Foundation

/// A worker process of a benchmark, ended with it.
final class BenchmarkProcess {
  private let child = Process()

  init(command: [String]) throws {
    child.executableURL = URL(fileURLWithPath: command[0])
    child.arguments = Array(command.dropFirst())
    child.standardInput = FileHandle.nullDevice
    child.standardOutput = FileHandle.standardError
    try child.run()
  }

  var identifier: Int32 { child.processIdentifier }

  /// Waits a little for it to end by itself.
  func end() {
    let deadline = Date(timeIntervalSinceNow: 3)
    while child.isRunning, Date() < deadline { usleep(10_000) }
    if child.isRunning { kill(child.processIdentifier, SIGKILL) }
    child.waitUntilExit()
  }
}

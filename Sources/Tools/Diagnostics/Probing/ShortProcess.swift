internal import Foundation
internal import Synchronization

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

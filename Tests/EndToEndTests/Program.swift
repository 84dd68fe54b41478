import Foundation
import Synchronization

/// A real process of the programs that were built beside the tests.
final class Program: Sendable {
  struct Outcome {
    let exitCode: Int32
    let output: String
    let errors: String
  }

  private let process: Process
  private let output = Mutex(Data())
  private let errors = Mutex(Data())
  private let readers = DispatchGroup()

  /// Starts `tenbin` with these arguments.
  ///
  /// - Parameters:
  ///   - launcher: what starts it, with the arguments before its own; nothing when it is started directly.
  ///   - folder: where it runs; the current folder when left out.
  ///   - environment: variables besides those of the tests.
  ///   - input: what it reads on standard input.
  ///   - line: told each piece of what it says on standard error, on a thread of its own.
  init(
    _ arguments: [String], launcher: [String] = [], in folder: String? = nil, environment: [String: String] = [:],
    input: String? = nil, onErrors line: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    process = Process()
    let program = Self.folder.appending(path: "tenbin")
    process.executableURL = launcher.isEmpty ? program : URL(filePath: "/usr/bin/env")
    process.arguments = launcher.isEmpty ? arguments : launcher + [program.path] + arguments
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    if let input {
      let file = FileManager.default.temporaryDirectory.appending(path: "tenbin-input-\(UUID().uuidString)")
      try Data(input.utf8).write(to: file)
      process.standardInput = try FileHandle(forReadingFrom: file)
      try FileManager.default.removeItem(at: file)
    }
    let pipes = (output: Pipe(), errors: Pipe())
    process.standardOutput = pipes.output
    process.standardError = pipes.errors
    try process.run()
    for (pipe, isErrors) in [(pipes.output, false), (pipes.errors, true)] {
      readers.enter()
      let handle = pipe.fileHandleForReading
      let thread = Thread { [self] in
        while true {
          let piece = handle.availableData
          if piece.isEmpty { break }
          guard isErrors else {
            output.withLock { $0.append(piece) }
            continue
          }
          errors.withLock { $0.append(piece) }
          line(String(decoding: piece, as: UTF8.self))
        }
        readers.leave()
      }
      thread.start()
    }
  }

  var isRunning: Bool { process.isRunning }

  var identifier: Int32 { process.processIdentifier }

  /// The processes that this one has started.
  var children: [Int32] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.compactMap { Int32($0) }.filter { candidate in
      guard let status = try? String(contentsOfFile: "/proc/\(candidate)/status", encoding: .utf8) else { return false }
      return status.contains("PPid:\t\(identifier)\n")
    }.sorted()
  }

  func wait() -> Outcome {
    process.waitUntilExit()
    readers.wait()
    return Outcome(
      exitCode: process.terminationStatus, output: output.withLock { String(decoding: $0, as: UTF8.self) },
      errors: errors.withLock { String(decoding: $0, as: UTF8.self) })
  }

  /// Runs `tenbin` with these arguments to its end.
  static func run(_ arguments: String...) throws -> Outcome {
    try Program(arguments).wait()
  }

  /// Runs `tenbin` with these arguments and this standard input to its end.
  static func run(_ arguments: [String], input: String? = nil) throws -> Outcome {
    try Program(arguments, input: input).wait()
  }

  /// Where the programs are: beside the test bundle.
  static var folder: URL {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return URL(filePath: own).deletingLastPathComponent()
  }
}

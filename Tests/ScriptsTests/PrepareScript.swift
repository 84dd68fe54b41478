import Foundation
import TestSupport
import Testing

/// One of the `scripts/prepare-…`, run by the Python that `scripts/setup --tests` makes.
enum PrepareScript {
  private static let root = Repository.root
  private static let python = root.appending(path: ".python/bin/python")
  static let isAvailable = FileManager.default.isExecutableFile(atPath: python.path)

  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  static func run(_ name: String, _ arguments: [String]) throws -> Outcome {
    try run([root.appending(path: "scripts/\(name)").path] + arguments)
  }

  /// Runs a line of Python.
  static func run(code: String, _ arguments: [String]) throws -> Outcome { try run(["-c", code] + arguments) }

  private static func run(_ arguments: [String]) throws -> Outcome {
    // Files, because a pipe that nobody empties while the other is read would hold the script up.
    let folder = try TemporaryFolder()
    let files = try ["output", "errors"].map { URL(filePath: try folder.write("", to: $0)) }
    let process = Process()
    process.executableURL = python
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    process.waitUntilExit()
    let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
  }

  /// The script must end with one line on the standard error that holds `words`, and leave `output` as it was.
  static func expectRefusal(
    _ name: String, _ arguments: [String], output: String, saying words: [String], never secrets: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let folder = URL(filePath: output).deletingLastPathComponent().path
    try Data("before".utf8).write(to: URL(filePath: output))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    let outcome = try run(name, arguments)
    #expect(outcome.status == 1, sourceLocation: sourceLocation)
    #expect(outcome.errors.hasPrefix("error: "), sourceLocation: sourceLocation)
    #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
    for word in words {
      #expect(outcome.errors.contains(word), "\(outcome.errors)", sourceLocation: sourceLocation)
    }
    for secret in secrets {
      #expect(!(outcome.errors + outcome.output).contains(secret), sourceLocation: sourceLocation)
    }
    #expect(try String(contentsOfFile: output, encoding: .utf8) == "before", sourceLocation: sourceLocation)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(left == files, sourceLocation: sourceLocation)
  }
}

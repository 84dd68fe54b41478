import Foundation
import TestSupport
import Testing

/// The scripts in Python that compute the same with other libraries, run by what `scripts/setup --tests` makes.
enum Oracle {
  static let root = Repository.root
  static let python = root.appending(path: ".python/bin/python").path
  static let isAvailable = FileManager.default.isExecutableFile(atPath: python)

  /// What a script of `scripts/oracles` prints.
  static func run(_ script: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments = [root.appending(path: "scripts/oracles/\(script)").path] + arguments
    process.environment = ["HF_HUB_OFFLINE": "1", "PATH": "/usr/bin:/bin"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    return text
  }
}

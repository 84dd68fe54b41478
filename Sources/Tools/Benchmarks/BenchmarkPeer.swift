import Foundation

/// Another program that is timed for comparison with a benchmark.
enum BenchmarkPeer {
  /// Runs a program with its arguments and reads the JSON that it prints.
  static func answer<Value: Decodable>(_ command: [String]) throws -> Value {
    guard let program = command.first else { throw BenchmarkError("the peer has no program") }
    let child = Process()
    let output = Pipe()
    child.executableURL = URL(filePath: program)
    child.arguments = Array(command.dropFirst())
    child.standardInput = FileHandle.nullDevice
    child.standardOutput = output
    try child.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    child.waitUntilExit()
    guard child.terminationStatus == 0, let value = try? JSONDecoder().decode(Value.self, from: bytes) else {
      throw BenchmarkError("\(command.joined(separator: " ")) ended with \(child.terminationStatus) and no figures")
    }
    return value
  }
}

import Checkpoints
import Foundation
import TestSupport
import Testing

/// A folder that one of scripts/oracles filled with the Python environment of scripts/setup, once a test process.
final class OracleScript: Sendable {
  static let isAvailable = FileManager.default.isExecutableFile(atPath: Golden.python)
  let path: String
  private let folder: TemporaryFolder

  init(_ name: String) throws {
    folder = try TemporaryFolder()
    path = folder.path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Golden.python)
    process.arguments = [Golden.root.appendingPathComponent("scripts/oracles/\(name)").path, path]
    process.environment = ProcessInfo.processInfo.environment.merging(["HF_HUB_OFFLINE": "1"]) { $1 }
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "\(name): \(complaint)") }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }
}

extension SafetensorsFile {
  /// Whole numbers of 64 bits.
  func integers(_ name: String) throws -> [Int] {
    let bytes = try bytes(name)
    return (0..<bytes.count / 8).map {
      Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)))
    }
  }

  /// Whole numbers of 64 bits, row by row.
  func integerRows(_ name: String) throws -> [[Int]] {
    let flat = try integers(name)
    let columns = try #require(entry(name)?.shape.last)
    return stride(from: 0, to: flat.count, by: columns).map { Array(flat[$0..<($0 + columns)]) }
  }
}

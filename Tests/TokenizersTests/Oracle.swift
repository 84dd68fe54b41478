import Foundation
import TestSupport
import Testing

/// `scripts/oracles/tokenization.py`, run by the Python that `scripts/setup` made.
enum Oracle {
  static let packageRoot = Repository.root
  static let python = packageRoot.appending(path: ".python/bin/python")
  static let isPresent = FileManager.default.isExecutableFile(atPath: python.path)
  static let publishedData = URL(filePath: Repository.publishedData ?? "/nonexistent")

  static func run(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = python
    process.arguments = [packageRoot.appending(path: "scripts/oracles/tokenization.py").path] + arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "the oracle failed; what it wrote is above")
  }

  /// The ids of `texts` by the tokenizer of `folder`.
  static func ids(of texts: [String], folder: String) throws -> [[Int]] {
    try withTemporaryFolder { temporary in
      let input = "\(temporary)/texts.json"
      let output = "\(temporary)/ids.json"
      try JSONEncoder().encode(texts).write(to: URL(filePath: input))
      try run(["encode", folder, input, output])
      return try JSONDecoder().decode([[Int]].self, from: Data(contentsOf: URL(filePath: output)))
    }
  }
}

/// Gives `body` a new folder, which goes when it ends.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "tokenizers-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

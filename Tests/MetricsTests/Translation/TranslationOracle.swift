import Foundation
import TestSupport
import Testing

/// `scripts/oracles/translation.py`, run by the Python that `scripts/setup --tests` made.
enum TranslationOracle {
  struct Question: Encodable {
    var translations: [String]
    var references: [[String]]
    var corpora: [[Int]]
  }

  struct Answer: Decodable {
    var bleu: [Double]
    var statistics: [[Int]]
    var rougeL: [Double]
    var pronouns: [String]
  }

  private static let root = Repository.root
  private static let python = root.appending(path: ".python/bin/python")
  static let isAvailable = FileManager.default.isExecutableFile(atPath: python.path)
  static let isMissing: Comment = "needs .python; run scripts/setup --tests"

  static func answer(_ question: Question) throws -> Answer {
    let folder = try TemporaryFolder()
    let input = try folder.write(JSONEncoder().encode(question), to: "in.json")
    let output = folder.path + "/out.json"
    let process = Process()
    process.executableURL = python
    process.arguments = [root.appending(path: "scripts/oracles/translation.py").path, input, output]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "the oracle failed; what it wrote is above")
    return try JSONDecoder().decode(Answer.self, from: Data(contentsOf: URL(filePath: output)))
  }
}

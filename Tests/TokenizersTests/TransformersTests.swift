import Foundation
import Testing
import Tokenizers

/// What the oracle says of one tokenizer folder.
private struct Expectation: Decodable {
  struct Case: Decodable {
    let text: String
    let ids: [Int]
    let plain: [Int]
    let whole: String?
    let skipped: String?
  }

  struct Arbitrary: Decodable {
    let ids: [Int]
    let whole: String
    let skipped: String
  }

  struct Long: Decodable {
    let text: String
    let count: Int
    let runs: [[Int]]
  }

  let folder: String
  let size: Int
  let bos: Int?
  let eos: Int?
  let pad: Int?
  let unk: Int?
  let cases: [Case]
  let arbitrary: [Arbitrary]
  let long: [Long]
}

/// Small tokenizers that the oracle makes, and the same hard texts for all of them.
@Suite(
  .timeLimit(.minutes(45)),
  .enabled(if: Oracle.isPresent, "needs the Python environment that scripts/setup makes in .python"))
struct TransformersTests {
  @Test("every text has the ids and the decoded text that transformers gives, in every kind of folder")
  func equality() throws {
    try withTemporaryFolder { folder in
      try Oracle.run(["generate", folder])
      let file = URL(filePath: "\(folder)/expected.json")
      let expectations = try JSONDecoder().decode([Expectation].self, from: Data(contentsOf: file))
      try #require(expectations.count > 40)
      for expectation in expectations {
        let tokenizer = try TextTokenizer(folder: "\(folder)/\(expectation.folder)")
        try compare(tokenizer, expectation)
      }
    }
  }

  private func compare(_ tokenizer: TextTokenizer, _ expectation: Expectation) throws {
    let name = expectation.folder
    #expect(tokenizer.vocabularySize == expectation.size, "\(name)")
    #expect(tokenizer.beginningOfSequence == expectation.bos, "\(name)")
    #expect(tokenizer.endOfSequence == expectation.eos, "\(name)")
    #expect(tokenizer.padding == expectation.pad, "\(name)")
    #expect(tokenizer.unknown == expectation.unk, "\(name)")
    for expected in expectation.cases {
      let text = String(reflecting: expected.text.prefix(100))
      #expect(try tokenizer.encode(expected.text) == expected.ids, "\(name), \(text)")
      #expect(try tokenizer.encode(expected.text, addingSpecialTokens: false) == expected.plain, "\(name), \(text)")
      if let whole = expected.whole, let skipped = expected.skipped {
        expectDecoding(tokenizer, expected.ids, whole, skipped, "\(name), \(text)")
      }
    }
    for expected in expectation.arbitrary {
      expectDecoding(tokenizer, expected.ids, expected.whole, expected.skipped, "\(name), \(expected.ids)")
    }
    for expected in expectation.long {
      let ids = try tokenizer.encode(String(repeating: expected.text, count: expected.count))
      let isEqual = ids == expected.runs.flatMap { Array(repeating: $0[0], count: $0[1]) }
      #expect(isEqual, "\(name), \(expected.count) times \(String(reflecting: expected.text))")
    }
  }

  // Strings that are canonically equivalent are equal in Swift, but not here.
  private func expectDecoding(
    _ tokenizer: TextTokenizer, _ ids: [Int], _ whole: String, _ skipped: String, _ comment: Comment
  ) {
    let decoded = tokenizer.decode(ids, skippingSpecialTokens: false)
    #expect(Array(decoded.unicodeScalars) == Array(whole.unicodeScalars), comment)
    #expect(Array(tokenizer.decode(ids).unicodeScalars) == Array(skipped.unicodeScalars), comment)
  }
}

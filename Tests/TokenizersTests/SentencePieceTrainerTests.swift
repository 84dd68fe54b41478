import Foundation
import Testing
import Tokenizers

@Suite struct SentencePieceTrainerTests {
  private static let texts = (0..<200).map { index in
    let foods = ["soup", "bread", "stew", "fish"]
    let words = ["tasty", "bland", "fresh", "stale", "perfect"]
    return "The \(foods[index % 4]) was \(words[index % 5]).\nWas it good?\nAnswer: \(index % 2 == 0 ? "yes" : "no")"
  }

  private let trainer = SentencePieceTrainer(vocabularySize: 340)

  @Test("the same texts give the same bytes, and other texts other bytes")
  func determinism() throws {
    let first = try trainer.model(learnedFrom: Self.texts)
    let second = try trainer.model(learnedFrom: Self.texts)
    #expect(first == second)
    #expect(try trainer.model(learnedFrom: Self.texts.map { $0.replacing("soup", with: "tea") }) != first)
  }

  @Test("a folder with the learned model reads as Llama-2's does, and gives every text back")
  func roundTrip() throws {
    try withTemporaryFolder { folder in
      try trainer.write(learnedFrom: Self.texts, to: folder)
      let tokenizer = try TextTokenizer(folder: folder)
      #expect(tokenizer.vocabularySize == 340)
      #expect(tokenizer.unknown == 0)
      #expect(tokenizer.beginningOfSequence == 1)
      #expect(tokenizer.endOfSequence == 2)
      for text in Self.texts + ["The crème brûlée: 5 £\n\n  twice", "汤", ""] {
        let ids = try tokenizer.encode(text)
        #expect(ids.first == 1)
        #expect(ids.allSatisfy { $0 < 340 })
        #expect(tokenizer.decode(ids) == text)
      }
    }
  }

  @Test("the library alone, without a configuration, encodes as the folder with one does")
  func libraryAlone() throws {
    try withTemporaryFolder { folder in
      try trainer.write(learnedFrom: Self.texts, to: folder)
      let configured = try TextTokenizer(folder: folder)
      try FileManager.default.removeItem(atPath: "\(folder)/tokenizer_config.json")
      let library = try TextTokenizer(folder: folder)
      for text in Self.texts { #expect(try configured.encode(text) == library.encode(text)) }
    }
  }

  @Test("words that are frequent become pieces, and a line break stays a byte")
  func pieces() throws {
    try withTemporaryFolder { folder in
      try trainer.write(learnedFrom: Self.texts, to: folder)
      let tokenizer = try TextTokenizer(folder: folder)
      let ids = try tokenizer.encode("The soup was\nThe", addingSpecialTokens: false)
      #expect(ids.prefix(3).map { tokenizer.decode([$0]) } == ["The", "soup", "was"])
      #expect(ids[3] == 3 + 10)
    }
  }

  @Test("no text, and a vocabulary that the texts cannot give, are errors that say so")
  func refusals() throws {
    for texts in [[], ["", "\n\r\n"]] {
      let error = #expect(throws: SentencePieceTrainerError.self) { try trainer.model(learnedFrom: texts) }
      #expect(error?.problem == .noText)
    }
    for size in [-1, 0, 10, 100_000, Int.max] {
      let error = try #require(throws: SentencePieceTrainerError.self) {
        try SentencePieceTrainer(vocabularySize: size).model(learnedFrom: Self.texts)
      }
      guard case .refused(size, let reason) = error.problem else {
        Issue.record("\(error)")
        continue
      }
      #expect(!reason.isEmpty)
    }
    let error = #expect(throws: SentencePieceTrainerError.self) {
      try trainer.write(learnedFrom: Self.texts, to: "/no/such/folder")
    }
    guard case .unwritable("/no/such/folder/tokenizer.model", _) = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}

import Foundation
import Testing
import Tokenizers

/// Tokenizers small enough to see through, without an oracle.
struct BytePairEncodingTests {
  private func tokenizer(_ json: String, configuration: String? = nil) throws -> TextTokenizer {
    try withTemporaryFolder { folder in
      try json.write(toFile: "\(folder)/tokenizer.json", atomically: true, encoding: .utf8)
      try configuration?.write(toFile: "\(folder)/tokenizer_config.json", atomically: true, encoding: .utf8)
      return try TextTokenizer(folder: folder)
    }
  }

  @Test("merges of a lower rank come first, and of equal rank the leftmost")
  func order() throws {
    let letters = try tokenizer(
      #"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4, "aa": 5}, "merges": ["b c", "a b", "a a"]}}"#
    )
    #expect(try letters.encode("abc") == [0, 4])
    #expect(try letters.encode("abab") == [3, 3])
    #expect(try letters.encode("aaa") == [5, 0])
  }

  @Test("of a pair that occurs twice the later rank holds")
  func duplicates() throws {
    let letters = try tokenizer(
      #"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4}, "merges": [["a", "b"], ["b", "c"], ["a", "b"]]}}"#
    )
    #expect(try letters.encode("abc") == [0, 4])
  }

  @Test("a hundred thousand equal characters are merged into the longest tokens")
  func longRun() throws {
    let letters = try tokenizer(
      #"{"model": {"type": "BPE", "vocab": {"a": 0, "aa": 1, "aaaa": 2}, "merges": ["a a", "aa aa"]}}"#)
    #expect(try letters.encode(String(repeating: "a", count: 100_002)) == Array(repeating: 2, count: 25_000) + [1])
  }

  @Test("canonically equivalent tokens and texts are different ones")
  func canonicalEquivalence() throws {
    let letters = try tokenizer(
      #"{"model": {"type": "BPE", "vocab": {"\u00e9": 0, "e": 1, "\u0301": 2, "e\u0301": 3, "é.": 4, ".": 5}, "merges": ["e \u0301"]}}"#
    )
    #expect(letters.vocabularySize == 6)
    #expect(try letters.encode("\u{e9}") == [0])
    #expect(try letters.encode("e\u{301}") == [3])
  }

  @Test("text outside the vocabulary becomes bytes, the unknown token, or nothing")
  func unknown() throws {
    func ids(_ settings: String) throws -> [Int] {
      try tokenizer(
        #"{"model": {"type": "BPE", "vocab": {"?": 0, "a": 1, "<0xC3>": 2, "<0xA9>": 3}, "merges": []\#(settings)}}"#
      )
      .encode("aééxya")
    }
    #expect(try ids("") == [1, 1])
    #expect(try ids(#", "unk_token": "?""#) == [1, 0, 0, 0, 0, 1])
    #expect(try ids(#", "unk_token": "?", "fuse_unk": true"#) == [1, 0, 1])
    #expect(try ids(#", "unk_token": "?", "byte_fallback": true"#) == [1, 2, 3, 2, 3, 0, 0, 1])
  }

  @Test("added tokens take the next free ids, and roles are found by their text")
  func addedTokens() throws {
    let letters = try tokenizer(
      #"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}}"#,
      configuration: #"{"pad_token": "<pad>", "eos_token": "b", "additional_special_tokens": ["<x>"]}"#)
    #expect(letters.vocabularySize == 4)
    #expect(letters.padding == 2)
    #expect(letters.endOfSequence == 1)
    #expect(letters.beginningOfSequence == nil)
    #expect(try letters.encode("a<x>b<pad>") == [0, 3, 1, 2])
    #expect(letters.decode([0, 3, 1, 2]) == "a")
    #expect(letters.decode([0, 3, 1, 2], skippingSpecialTokens: false) == "a <x> b <pad>")
  }

  @Test("ids outside the vocabulary are left out of the decoded text")
  func strangeIDs() throws {
    let letters = try tokenizer(
      #"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}, "decoder": {"type": "Fuse"}}"#)
    #expect(letters.decode([0, -1, 7, Int.max, Int.min, 1]) == "ab")
    #expect(letters.decode([]) == "")
  }

  @Test("a bare SentencePiece model adds its prefix and begins every text with the beginning of sequence")
  func bareModel() throws {
    try withTemporaryFolder { folder in
      try Data(SmallModel.bytes).write(to: URL(filePath: "\(folder)/tokenizer.model"))
      let tokenizer = try TextTokenizer(folder: folder)
      #expect(try tokenizer.encode("abc") == [1, 6, 5])
      #expect(try tokenizer.encode("abc", addingSpecialTokens: false) == [6, 5])
      #expect(try tokenizer.encode("") == [1])
      #expect(try tokenizer.encode("ab</s>ab") == [1, 6, 2, 8])
      #expect(try tokenizer.encode("xyab") == [1, 7, 0, 8])
      #expect(tokenizer.decode([1, 6, 5, 7, 8, 2]) == "abc ab")
      #expect(tokenizer.vocabularySize == 9)
      #expect(tokenizer.unknown == 0)
      #expect(tokenizer.beginningOfSequence == 1)
      #expect(tokenizer.endOfSequence == 2)
      #expect(tokenizer.padding == nil)
    }
  }
}

import Foundation
import Testing
import Tokenizers

/// Folders that are no tokenizer, each with the error that says so.
struct TokenizerErrorTests {
  private func error(_ files: [String: String]) throws -> TokenizerError {
    try error(files.mapValues { Array($0.utf8) })
  }

  private func error(_ files: [String: [UInt8]]) throws -> TokenizerError {
    try withTemporaryFolder { folder in
      for (name, bytes) in files { try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)")) }
      let error = try #require(throws: TokenizerError.self) { try TextTokenizer(folder: folder) }
      return TokenizerError(file: String(error.file.dropFirst(folder.count)), problem: error.problem)
    }
  }

  @Test("a folder without a tokenizer is told which files it needs")
  func missing() throws {
    let found = try error([String: String]())
    #expect(found.problem == .missingFile(expected: ["tokenizer.json", "tokenizer.model"]))
    let absent = #expect(throws: TokenizerError.self) { try TextTokenizer(folder: "/no/such/folder") }
    #expect(absent?.file == "/no/such/folder")
  }

  @Test("a tokenizer.json of another kind names the key, what it found and what is supported")
  func unsupported() throws {
    let cases: [(json: String, key: String, found: String)] = [
      (#"{"model": {"type": "Unigram", "vocab": []}}"#, "model.type", "\"Unigram\""),
      (#"{"model": {"type": "WordPiece", "vocab": {}}}"#, "model.type", "\"WordPiece\""),
      (Self.json(normalizer: #"{"type": "Lowercase"}"#), "normalizer", "of the type Lowercase"),
      (
        Self.json(normalizer: #"{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "NFKC"}]}"#),
        "normalizer.normalizers[1]", "of the type NFKC"
      ),
      (
        Self.json(normalizer: #"{"type": "Replace", "pattern": {"Regex": " +"}, "content": " "}"#),
        "normalizer.pattern", "an object of 1"
      ),
      (Self.json(preTokenizer: #"{"type": "BertPreTokenizer"}"#), "pre_tokenizer", "of the type BertPreTokenizer"),
      (
        Self.json(preTokenizer: #"{"type": "Split", "pattern": {"Regex": "a+"}, "behavior": "Isolated"}"#),
        "pre_tokenizer.pattern", "\"a+\""
      ),
      (Self.json(decoder: #"{"type": "WordPiece"}"#), "decoder", "of the type WordPiece"),
      (Self.json(postProcessor: #"{"type": "BertProcessing"}"#), "post_processor", "of the type BertProcessing"),
      (Self.json(model: #", "dropout": 0.1"#), "model.dropout", "0.1"),
      (Self.json(model: #", "end_of_word_suffix": "</w>""#), "model.end_of_word_suffix", "\"</w>\""),
    ]
    for expected in cases {
      let found = try error(["tokenizer.json": expected.json])
      #expect(found.file == "/tokenizer.json")
      guard case .unsupported(let key, let value, let supported) = found.problem else {
        Issue.record("\(expected.key): \(found)")
        continue
      }
      #expect(key == expected.key)
      #expect(value == expected.found)
      #expect(!supported.isEmpty)
    }
  }

  @Test(
    "a tokenizer.json with something wrong in it names the key",
    arguments: [
      (#"{"model": {"type": "BPE", "merges": []}}"#, "model.vocab"),
      (#"{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}"#, "model.vocab.a"),
      (#"{"model": {"type": "BPE", "vocab": {"a": 1e99}, "merges": []}}"#, "model.vocab.a"),
      (#"{"model": {"type": "BPE", "vocab": {"a": 0.5}, "merges": []}}"#, "model.vocab.a"),
      (#"{"model": {"type": "BPE", "vocab": {"a": 0}}}"#, "model.merges"),
      (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}"#, "model.merges[0]"),
      (#"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]}}"#, "model.merges[0]"),
      (#"{"model": {"type": "BPE", "vocab": {"a": 0, "aa": 1}, "merges": ["a a", "a"]}}"#, "model.merges[1]"),
      (#"{"model": {"type": "BPE", "vocab": {"a": 0, "aa": 1}, "merges": [["a", "a", "a"]]}}"#, "model.merges[0]"),
      (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "?"}}"#, "model.unk_token"),
      (#"{"model": [], "added_tokens": [{"content": "x"}]}"#, "added_tokens[0]"),
      (#"{}"#, "model"),
      (#"[]"#, ""),
      (#""#, ""),
      (#"{"model": {"type": "BPE""#, ""),
      (#"{"a": "\ud800"}"#, ""),
      (#"{"a": "\u12G4"}"#, ""),
      (#"{"a": 1} 2"#, ""),
      (String(repeating: "[", count: 1_000_000), ""),
    ])
  func malformed(json: String, key: String) throws {
    let found = try error(["tokenizer.json": json])
    #expect(found.file == "/tokenizer.json")
    guard case .malformed(let foundKey, _) = found.problem else {
      Issue.record("\(found)")
      return
    }
    #expect(foundKey == key)
  }

  @Test(
    "a template that uses an unknown token, or the text twice, is an error",
    arguments: [
      (#"[{"SpecialToken": {"id": "x"}}, {"Sequence": {"id": "A"}}]"#, "post_processor.special_tokens.x"),
      (#"[{"Sequence": {"id": "A"}}, {"Sequence": {"id": "A"}}]"#, "post_processor.single"),
      (#"[{"Sequence": {"id": "B"}}]"#, "post_processor.single[0]"),
    ])
  func template(single: String, key: String) throws {
    let json = Self.json(postProcessor: #"{"type": "TemplateProcessing", "single": \#(single), "special_tokens": {}}"#)
    let found = try error(["tokenizer.json": json])
    guard case .malformed(let foundKey, _) = found.problem else {
      Issue.record("\(found)")
      return
    }
    #expect(foundKey == key)
  }

  @Test("settings that change what special tokens are, and unknown classes, are errors")
  func configuration() throws {
    let split = try error(["tokenizer_config.json": #"{"split_special_tokens": true}"#])
    #expect(
      split.problem == .unsupported(key: "split_special_tokens", found: "true", supported: "false"))
    let other = try error([
      "tokenizer_config.json": #"{"tokenizer_class": "T5Tokenizer"}"#, "tokenizer.model": "x",
    ])
    #expect(other.description.contains("T5Tokenizer"))
    #expect(other.description.contains("LlamaTokenizer"))
    let token = try error(["tokenizer_config.json": #"{"bos_token": 7}"#, "tokenizer.json": Self.json()])
    #expect(token.file == "/tokenizer_config.json")
    #expect(token.description.contains("bos_token"))
  }

  @Test("a file far too large, and a folder in the place of a file, are not read")
  func unreadable() throws {
    try withTemporaryFolder { folder in
      let file = URL(filePath: "\(folder)/tokenizer.model")
      try Data().write(to: file)
      // A sparse file takes no room on the disk.
      try FileHandle(forWritingTo: file).truncate(atOffset: 1 << 30)
      let large = #expect(throws: TokenizerError.self) { try TextTokenizer(folder: folder) }
      #expect(large?.problem == .tooLarge(bytes: 1 << 30, limit: 256 << 20))
      try FileManager.default.createDirectory(atPath: "\(folder)/tokenizer.json", withIntermediateDirectories: false)
      let directory = #expect(throws: TokenizerError.self) { try TextTokenizer(folder: folder) }
      #expect(directory?.file == "\(folder)/tokenizer.json")
    }
  }

  @Test("bytes that are no SentencePiece model are an error, whatever they are")
  func models() throws {
    var generator = SystemRandomNumberGenerator()
    let random = (0..<50).map { count in (0..<(count * 7)).map { _ in UInt8.random(in: 0...255, using: &generator) } }
    let fields: [[UInt8]] = [
      [], [0x0A], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x0A, 0x02, 0x0A, 0x05], [0x0F],
      Array(repeating: 0xFF, count: 100), Array("<!DOCTYPE html>".utf8), Array("version https://git-lfs".utf8),
    ]
    for bytes in fields + random { #expect(try error(["tokenizer.model": bytes]).file == "/tokenizer.model") }
  }

  @Test("every way to cut or change a small SentencePiece model gives an error or a tokenizer, never a crash")
  func damagedModels() throws {
    let model = SmallModel.bytes
    try withTemporaryFolder { folder in
      func load(_ bytes: [UInt8]) throws -> TextTokenizer? {
        try Data(bytes).write(to: URL(filePath: "\(folder)/tokenizer.model"))
        do {
          return try TextTokenizer(folder: folder)
        } catch {
          #expect(error.file == "\(folder)/tokenizer.model")
          return nil
        }
      }
      let whole = try #require(try load(model))
      #expect(try whole.encode("ab") == [1, 6])
      for count in model.indices { _ = try? load(Array(model[..<count]))?.encode("ab c") }
      for position in model.indices {
        for value in [0, 0x7F, 0x80, 0xFF, model[position] ^ 1] as [UInt8] {
          var changed = model
          changed[position] = value
          _ = try? load(changed)?.encode("ab c")
        }
      }
    }
  }

  private static func json(
    normalizer: String = "null", preTokenizer: String = "null", decoder: String = "null",
    postProcessor: String = "null", model: String = ""
  ) -> String {
    """
    {"normalizer": \(normalizer), "pre_tokenizer": \(preTokenizer), "decoder": \(decoder),
     "post_processor": \(postProcessor), "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []\(model)}}
    """
  }
}

import Foundation
import TestSupport
import Testing
import Tokenizers

/// Published models and texts that are not part of this repository. The texts are never printed.
@Suite(
  .timeLimit(.minutes(45)),
  .enabled(
    if: Repository.hasPublishedData("stories260k", "mistral-tokenizer", "hatecheck", "mlma", "turkish-english"),
    Comment(
      rawValue: Repository.needsPublishedData("stories260k, mistral-tokenizer, hatecheck, mlma and turkish-english"))))
struct PublishedDataTests {
  private struct Sample: Decodable {
    struct Message: Decodable {
      let role: String
      let content: String
    }

    let messages: [Message]
  }

  private struct Tokens: Decodable {
    let tokens: [Int]
  }

  private struct Golden: Decodable {
    struct Case: Decodable {
      let prompt: String
      let promptIDs: [Int]

      enum CodingKeys: String, CodingKey {
        case prompt
        case promptIDs = "prompt_ids"
      }
    }

    let cases: [Case]
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: Oracle.publishedData.appending(path: path)))
  }

  @Test("the prompts of the stories260k checkpoint have the ids that its logits were computed with")
  func stories() throws {
    let tokenizer = try TextTokenizer(folder: Oracle.publishedData.appending(path: "stories260k").path)
    let golden = try decode(Golden.self, "stories260k/golden_numpy_f64.json")
    #expect(!golden.cases.isEmpty)
    for expected in golden.cases { #expect(try tokenizer.encode(expected.prompt) == expected.promptIDs) }
    #expect(tokenizer.vocabularySize == 512)
  }

  @Test("Mistral's conversation has the ids that Mistral published")
  func conversation() throws {
    let tokenizer = try TextTokenizer(folder: Oracle.publishedData.appending(path: "mistral-tokenizer").path)
    let sample = try decode(Sample.self, "mistral-tokenizer/samples/no_tools/sample.json")
    let expected = try decode(Tokens.self, "mistral-tokenizer/samples/no_tools/tokens_v1.json")
    var ids = [1]
    // Instructions and answers are encoded one by one, each as a text of its own.
    for message in sample.messages {
      let isUser = message.role == "user"
      ids += try tokenizer.encode(isUser ? "[INST] \(message.content) [/INST]" : message.content).dropFirst()
      if !isUser { ids.append(2) }
    }
    #expect(ids == expected.tokens)
  }

  @Test(
    "Mistral's model gives every text of the data sets the ids that transformers, or bare SentencePiece, gives",
    .enabled(if: Oracle.isPresent, "needs the Python environment that scripts/setup makes in .python"),
    arguments: [
      nil, #"{"tokenizer_class": "LlamaTokenizer", "add_bos_token": true}"#,
      #"{"tokenizer_class": "LlamaTokenizer", "add_bos_token": true, "add_eos_token": true, "legacy": true}"#,
    ])
  func dataSets(configuration: String?) throws {
    let texts = try [
      "hatecheck/test_suite_cases.csv", "mlma/en_dataset_with_stop_words.csv", "turkish-english/en_tr_anti.txt",
      "turkish-english/en_tr_general.txt", "turkish-english/en_tr_pro.txt",
    ].flatMap { name in
      try String(contentsOf: Oracle.publishedData.appending(path: name), encoding: .utf8).split(
        whereSeparator: \.isNewline
      ).map {
        String($0)
      }
    }
    try #require(texts.count > 16_000)
    try withTemporaryFolder { folder in
      let model = Oracle.publishedData.appending(path: "mistral-tokenizer/tokenizer.model").path
      try FileManager.default.copyItem(atPath: model, toPath: "\(folder)/tokenizer.model")
      try configuration?.write(toFile: "\(folder)/tokenizer_config.json", atomically: true, encoding: .utf8)
      let tokenizer = try TextTokenizer(folder: folder)
      let expected = try Oracle.ids(of: texts, folder: folder)
      try #require(expected.count == texts.count)
      let different = try texts.indices.filter { try tokenizer.encode(texts[$0]) != expected[$0] }
      #expect(different.isEmpty, "\(different.count) texts differ, the first is line \(different.first ?? 0)")
    }
  }
}

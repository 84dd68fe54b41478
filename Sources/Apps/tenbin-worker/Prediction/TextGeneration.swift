package import Checkpoints
import Foundation
import Models
import Tokenizers
package import Torch

/// Greedy generation with a language model, with or without an adapter.
package struct TextGeneration {
  private let tokenizer: TextTokenizer
  private let model: LanguageModel
  private let endTokens: Set<Int>

  /// - Throws: the error of the first file that cannot be used.
  package init(model path: String, adapter: String?, precision: Precision, device: Device) throws {
    let checkpoint = try CheckpointFolder(path: path)
    let adapter = try adapter.map { try AdapterFolder(path: $0, base: checkpoint) }
    model = try LanguageModel(
      checkpoint: checkpoint, method: adapter?.method ?? .head, precision: precision, device: device)
    try model.load(parameters: adapter?.values ?? [])
    tokenizer = try TextTokenizer(folder: path)
    endTokens = try checkpoint.endTokens()
  }

  /// A prompt's continuation.
  package struct Continuation: Sendable, Codable {
    /// The prompt's tokens and the generated ones.
    package let tokens: [Int]
    /// Prompt and continuation as text, without special tokens.
    package let text: String

    /// One line of JSON.
    package var json: String {
      get throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
      }
    }
  }

  /// The continuation of each prompt: at most `limit` generated tokens.
  package func continuations(of prompts: [String], limit: Int) throws -> [Continuation] {
    let tokens = try prompts.map { try tokenizer.encode($0) }
    var made: [[Int]] = []
    for first in stride(from: 0, to: tokens.count, by: Prediction.block) {
      let block = Array(tokens[first..<min(first + Prediction.block, tokens.count)])
      made += try model.continuations(of: block, limit: limit, endTokens: endTokens)
    }
    return zip(tokens, made).map { prompt, continuation in
      let all = prompt + continuation
      return Continuation(tokens: all, text: tokenizer.decode(all))
    }
  }
}

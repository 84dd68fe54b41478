/// What is wrong with the tokenizer files of a folder.
package struct TokenizerError: Error, Hashable, CustomStringConvertible {
  /// The file or folder the problem is in.
  package let file: String
  package let problem: Problem

  package init(file: String, problem: Problem) {
    self.file = file
    self.problem = problem
  }

  /// The ways in which a tokenizer can be unusable.
  package enum Problem: Hashable, Sendable {
    /// A file cannot be read.
    case system(step: String, reason: String)
    /// The folder holds none of the files that a tokenizer is read from.
    case missingFile(expected: [String])
    /// A file above the size that any tokenizer has.
    case tooLarge(bytes: Int, limit: Int)
    /// A file does not parse, or a key holds something unexpected; an empty key is the file itself.
    case malformed(key: String, expected: String)
    /// A key has a value that Tenbin does not implement.
    case unsupported(key: String, found: String, supported: String)
    /// SentencePiece refuses the model or a text, in its own words.
    case sentencePiece(reason: String)
  }

  package var description: String { "\(file): \(explanation)" }

  private var explanation: String {
    switch problem {
    case .system(let step, let reason): "cannot \(step): \(reason)"
    case .missingFile(let expected):
      "expected \(expected.joined(separator: " or ")) in this folder; copy it there from the model's Hugging Face folder"
    case .tooLarge(let bytes, let limit): "the file has \(bytes) bytes; a tokenizer has at most \(limit)"
    case .malformed(let key, let expected): key.isEmpty ? "expected \(expected)" : "\(key): expected \(expected)"
    case .unsupported(let key, let found, let supported): "\(key) is \(found); supported: \(supported)"
    case .sentencePiece(let reason):
      "SentencePiece refuses: \(reason); copy the file again from the model's Hugging Face folder"
    }
  }
}

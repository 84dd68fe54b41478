import Support

/// Text to token ids and back, read from a Hugging Face folder.
///
///     let tokenizer = try TextTokenizer(folder: "llama-2")
///     let ids = try tokenizer.encode("A lovely day")   // begins with <s>
///     let text = tokenizer.decode(ids)                 // "A lovely day"
///
/// A folder with `tokenizer.json`, or with `tokenizer.model` and `tokenizer_config.json`, gives the ids that
/// `AutoTokenizer.from_pretrained(folder)` of transformers 5.23 gives. For a `tokenizer.model` without
/// `tokenizer_config.json` transformers leaves out the prefix space and the beginning of sequence; there the model's
/// own settings hold, SentencePiece encodes, and every text begins with the beginning of sequence, as the makers of
/// Llama-2 and Mistral encode it.
package struct TextTokenizer: Sendable {
  private let pipeline: TokenizerPipeline
  /// The id that opens a sequence; nil if the folder names none.
  package let beginningOfSequence: Int?
  /// The id that ends a sequence, and generation; nil if the folder names none.
  package let endOfSequence: Int?
  /// The id that fills up batches; nil if the folder names none.
  package let padding: Int?
  /// The id of text outside the vocabulary; nil if the folder names none.
  package let unknown: Int?
  /// The number of tokens, those added to the vocabulary included: `len(tokenizer)` in Python.
  package let vocabularySize: Int

  /// Reads the tokenizer of `folder`: its `tokenizer.json`, else its `tokenizer.model`, with what
  /// `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json` and `config.json` say about it.
  package init(folder: String) throws(TokenizerError) {
    let folder = TokenizerFolder(path: folder)
    let configuration = try folder.objectIfPresent(TokenizerFolder.configuration)
    let modelConfiguration = try folder.objectIfPresent(TokenizerFolder.modelConfiguration)
    for key in ["split_special_tokens", "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output"] {
      guard configuration?[key]?.bool == true else { continue }
      throw TokenizerError(
        file: folder.file(TokenizerFolder.configuration),
        problem: .unsupported(key: key, found: "true", supported: "false"))
    }
    let fromModelFile = !folder.holds(TokenizerFolder.json)
    let tokenizerClass = try TokenizerClass(
      folder: folder, configuration: configuration, modelConfiguration: modelConfiguration,
      fromModelFile: fromModelFile)
    let reading: TokenizerReading
    if !fromModelFile {
      reading = try TokenizerReading(json: folder, configuration: configuration, class: tokenizerClass)
    } else if folder.holds(TokenizerFolder.model) {
      reading = try TokenizerReading(model: folder, configuration: configuration, class: tokenizerClass)
    } else {
      throw TokenizerError(
        file: folder.path, problem: .missingFile(expected: [TokenizerFolder.json, TokenizerFolder.model]))
    }
    pipeline = reading.pipeline
    func id(_ role: String) -> Int? { reading.roles[role].flatMap { reading.pipeline.id(of: $0) } }
    beginningOfSequence = id("bos_token")
    endOfSequence = id("eos_token")
    padding = id("pad_token")
    unknown = id("unk_token")
    vocabularySize = pipeline.vocabularySize
  }

  /// The ids of `text`. With `addingSpecialTokens` they begin, or end, with the tokens that the folder's template or
  /// its `add_bos_token` and `add_eos_token` ask for. Special tokens written out in `text` are those tokens either way.
  /// Throws only where SentencePiece encodes, and refuses.
  package func encode(_ text: String, addingSpecialTokens: Bool = true) throws(TokenizerError) -> [Int] {
    try pipeline.encode(text, addingSpecialTokens: addingSpecialTokens)
  }

  /// The text of `ids`; ids outside the vocabulary are left out, special tokens with `skippingSpecialTokens`.
  package func decode(_ ids: [Int], skippingSpecialTokens: Bool = true) -> String {
    pipeline.decode(ids, skippingSpecialTokens: skippingSpecialTokens)
  }
}

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

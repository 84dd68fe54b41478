import Support

/// Which of transformers' tokenizer classes a folder is read with (`AutoTokenizer.from_pretrained`, transformers 5.23
/// without mistral-common).
enum TokenizerClass {
  /// `LlamaTokenizer`: its own pipeline around the vocabulary, whatever the vocabulary's file says.
  case llama
  /// `TokenizersBackend`: the pipeline that the vocabulary's file describes.
  case generic

  /// Model types for which transformers passes over the class that the configuration names.
  private static let genericModelTypes = [
    "ministral", "ministral3", "mistral", "mistral3", "mistral_large4", "mixtral",
  ]
  private static let genericNames = ["TokenizersBackend", "PreTrainedTokenizer"]

  /// The class for a folder with this `tokenizer_config.json` and `config.json`. A `tokenizer.json` describes what
  /// other classes do, too; a `tokenizer.model` does not, so that for one they are errors.
  init(
    folder: TokenizerFolder, configuration: JSONValue?, modelConfiguration: JSONValue?, fromModelFile: Bool
  ) throws(TokenizerError) {
    let named = configuration?["tokenizer_class"]?.string
    guard let full = named ?? modelConfiguration?["tokenizer_class"]?.string else {
      self = .generic
      return
    }
    if Self.genericModelTypes.contains(modelConfiguration?["model_type"]?.string ?? "") {
      self = .generic
      return
    }
    let name = full.hasSuffix("Fast") ? String(full.dropLast(4)) : full
    switch name {
    case "LlamaTokenizer": self = .llama
    case let name where Self.genericNames.contains(name) || !fromModelFile: self = .generic
    default:
      throw TokenizerError(
        file: folder.file(named == nil ? TokenizerFolder.modelConfiguration : TokenizerFolder.configuration),
        problem: .unsupported(
          key: "tokenizer_class", found: "\"\(full)\"",
          supported: "LlamaTokenizer, LlamaTokenizerFast, TokenizersBackend, PreTrainedTokenizerFast"))
    }
  }
}

import Foundation
import Support

/// The tokenizer files of a Hugging Face folder, read as they are needed.
struct TokenizerFolder {
  let path: String

  static let model = "tokenizer.model"
  static let json = "tokenizer.json"
  static let configuration = "tokenizer_config.json"
  static let specialTokensMap = "special_tokens_map.json"
  static let addedTokens = "added_tokens.json"
  static let modelConfiguration = "config.json"

  /// In bytes; the largest vocabularies in use take about 35 MB.
  private static let largestFile = 256 << 20

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

  /// The contents of the file `name`.
  func bytes(_ name: String) throws(TokenizerError) -> [UInt8] {
    let file = file(name)
    do {
      let attributes = try FileManager.default.attributesOfItem(
        atPath: URL(filePath: file).resolvingSymlinksInPath().path)
      let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
      guard size <= Self.largestFile else {
        throw TokenizerError(file: file, problem: .tooLarge(bytes: size, limit: Self.largestFile))
      }
      return Array(try Data(contentsOf: URL(filePath: file)))
    } catch let error as TokenizerError {
      throw error
    } catch {
      throw TokenizerError(
        file: file, problem: .system(step: "read the file", reason: "it is not a readable file"))
    }
  }

  /// The JSON object in the file `name`.
  func object(_ name: String) throws(TokenizerError) -> JSONValue {
    let bytes = try bytes(name)
    let value: JSONValue
    do {
      value = try JSONParser.parse(bytes[...])
    } catch {
      throw TokenizerError(
        file: file(name),
        problem: .malformed(key: "", expected: "valid JSON; after \(error.offset) bytes, \(error.expected)"))
    }
    guard value.members != nil else {
      throw TokenizerError(file: file(name), problem: .malformed(key: "", expected: "a JSON object"))
    }
    return value
  }

  /// As `object`, or nil if there is no such file.
  func objectIfPresent(_ name: String) throws(TokenizerError) -> JSONValue? {
    holds(name) ? try object(name) : nil
  }
}

/// What a folder's files give together.
struct TokenizerReading {
  let pipeline: TokenizerPipeline
  /// The texts of the tokens with a role, such as `bos_token`.
  let roles: [String: String]

  fileprivate init(pipeline: TokenizerPipeline, specials: SpecialTokens) {
    self.pipeline = pipeline
    roles = Dictionary(
      SpecialTokens.roles.compactMap { role in specials.content(role).map { (role, $0) } }, uniquingKeysWith: { $1 })
  }
}

extension TokenizerReading {
  /// Reads `tokenizer.json`.
  init(
    json folder: TokenizerFolder, configuration: JSONValue?, class named: TokenizerClass
  ) throws(TokenizerError) {
    let json = try TokenizerJSON(folder)
    // A file for byte-level models is the pipeline's only description, also where the class is called LlamaTokenizer.
    let isLlama = named == .llama && !json.namesByteLevel
    var defaults = isLlama ? LlamaPipeline.defaults : [:]
    if let padding = json.paddingToken { defaults["pad_token"] = padding }
    let specials = try SpecialTokens(
      folder: folder, configuration: configuration, jsonTokens: json.addedTokens, defaults: defaults, pieces: [])
    let model = try json.model(asLlama: isLlama)
    let normalizer = isLlama ? Normalizer() : try json.normalizer()
    var added = AddedVocabulary()
    if !isLlama {
      for (_, token) in json.addedTokens { added.add(token, to: model.vocabulary) }
    }
    specials.add(to: &added, over: model.vocabulary)
    let llama = LlamaPipeline(configuration: configuration)
    let template = try json.template()
    self.init(
      pipeline: TokenizerPipeline(
        model: .bytePairs(model), vocabulary: model.vocabulary, added: added, normalizer: normalizer,
        preTokenizer: isLlama ? llama.preTokenizer : try json.preTokenizer(),
        decoder: isLlama ? llama.decoder : try json.decoder(), prefix: template.prefix, suffix: template.suffix),
      specials: specials)
  }

  /// Reads `tokenizer.model`.
  init(
    model folder: TokenizerFolder, configuration: JSONValue?, class named: TokenizerClass
  ) throws(TokenizerError) {
    let file = folder.file(TokenizerFolder.model)
    let bytes = try folder.bytes(TokenizerFolder.model)
    let model = try SentencePieceModel(bytes, file: file)
    let library = try SentencePieceLibrary(bytes, file: file)
    let pieces = model.pieces.compactMap { piece -> AddedToken? in
      // SentencePiece finds user-defined pieces by itself.
      guard piece.kind == .control || piece.kind == .userDefined && configuration != nil else { return nil }
      return AddedToken(
        content: String(decoding: piece.text, as: UTF8.self), special: piece.kind == .control, normalized: false)
    }
    let specials = try SpecialTokens(
      folder: folder, configuration: configuration, jsonTokens: [],
      defaults: named == .llama ? LlamaPipeline.defaults : model.roles, pieces: pieces)
    var vocabulary = Dictionary(
      model.pieces.enumerated().map { ($1.text, $0) }, uniquingKeysWith: { first, _ in first })
    let merges = configuration == nil ? [:] : BytePairModel.merges(of: vocabulary)
    if configuration != nil, named == .generic { specials.renamePlaceholders(in: &vocabulary) }
    var added = AddedVocabulary()
    specials.add(to: &added, over: vocabulary)
    func ids(_ role: String, if adds: Bool) -> [Int] {
      guard adds, let content = specials.content(role).map({ Array($0.utf8) }) else { return [] }
      return (added.identifiers[content] ?? vocabulary[content]).map { [$0] } ?? []
    }
    let addsBeginning = configuration.map { $0["add_bos_token"]?.bool ?? false } ?? true
    let addsEnd = configuration?["add_eos_token"]?.bool ?? false
    var encoder = TokenizerPipeline.Model.sentencePiece(library)
    if configuration != nil {
      encoder = .bytePairs(
        BytePairModel(
          vocabulary: vocabulary, merges: merges, byteFallback: named == .llama || model.byteFallback,
          unknown: named == .llama ? nil : vocabulary[Array(model.unknownPiece.utf8)], fusesUnknown: true))
    }
    let steps = try Self.steps(model: model, configuration: configuration, class: named, file: file)
    self.init(
      pipeline: TokenizerPipeline(
        model: encoder, vocabulary: vocabulary, added: added, normalizer: steps.normalizer,
        preTokenizer: steps.preTokenizer, decoder: steps.decoder,
        prefix: ids("bos_token", if: addsBeginning),
        suffix: ids("eos_token", if: addsEnd)),
      specials: specials)
  }

  private static func steps(
    model: SentencePieceModel, configuration: JSONValue?, class named: TokenizerClass, file: String
  ) throws(TokenizerError) -> (normalizer: Normalizer, preTokenizer: PreTokenizer, decoder: TokenDecoder) {
    if configuration == nil {
      guard !model.removesExtraWhitespace else {
        throw TokenizerError(
          file: file,
          problem: .unsupported(
            key: "normalizer_spec.remove_extra_whitespaces", found: "true",
            supported: "false, as Llama-2 and Mistral have"))
      }
      let prefix = PreTokenizer(steps: model.addsDummyPrefix ? [.dummyPrefix] : [])
      return (Normalizer(), prefix, LlamaPipeline.decoder(strippingSpace: model.addsDummyPrefix))
    }
    switch named {
    case .llama:
      let llama = LlamaPipeline(configuration: configuration)
      return (Normalizer(), llama.preTokenizer, llama.decoder)
    case .generic:
      let spaces = Normalizer(steps: [.replace([" "], with: ["▁"])])
      let decoder = model.byteFallback ? LlamaPipeline.decoder(strippingSpace: false) : .signsToSpaces
      return (spaces, PreTokenizer(), decoder)
    }
  }
}

extension TokenDecoder {
  fileprivate static let signsToSpaces = TokenDecoder(steps: [.replace("▁", with: " ")])
}

extension SentencePieceModel {
  /// The tokens that the model itself names.
  fileprivate var roles: [String: String] {
    var roles = ["unk_token": unknownPiece]
    if beginningID >= 0 { roles["bos_token"] = beginningPiece }
    if endID >= 0 { roles["eos_token"] = endPiece }
    return roles
  }
}

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

import Support

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

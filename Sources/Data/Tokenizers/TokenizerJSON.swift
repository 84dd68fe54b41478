import Support

/// A `tokenizer.json` of the Rust library `tokenizers`, whose parts are checked when they are read.
struct TokenizerJSON {
  let root: JSONValue
  let file: String
  private(set) var addedTokens: [(id: Int, token: AddedToken)] = []

  /// Whether any part is `ByteLevel`.
  let namesByteLevel: Bool

  init(_ folder: TokenizerFolder) throws(TokenizerError) {
    file = folder.file(TokenizerFolder.json)
    let root = try folder.object(TokenizerFolder.json)
    self.root = root
    namesByteLevel = ["normalizer", "pre_tokenizer", "post_processor", "decoder"]
      .contains { Self.types(in: root[$0]).contains("ByteLevel") }
    for (position, value) in (root["added_tokens"]?.array ?? []).enumerated() {
      guard let id = value["id"]?.integer, id >= 0, let token = AddedToken(value) else {
        throw malformed("added_tokens[\(position)]", "an added token with its id and content")
      }
      addedTokens.append((id, token))
    }
  }

  /// The token of `padding`, if the file has that key.
  var paddingToken: String? { root["padding"]?["pad_token"]?.string }

  private static func types(in part: JSONValue?) -> [String] {
    switch part {
    case .object(let members): [part?["type"]?.string].compactMap { $0 } + members.flatMap { types(in: $0.value) }
    case .array(let values): values.flatMap { types(in: $0) }
    default: []
    }
  }

  func malformed(_ key: String, _ expected: String) -> TokenizerError {
    TokenizerError(file: file, problem: .malformed(key: key, expected: expected))
  }

  func unsupported(_ key: String, _ found: JSONValue, _ supported: String) -> TokenizerError {
    TokenizerError(file: file, problem: .unsupported(key: key, found: found.summary, supported: supported))
  }

  /// The parts of a `Sequence` under its key for them, or the one part itself; none for null.
  func sequence(_ key: String, of name: String) -> [(key: String, part: JSONValue)] {
    guard let part = root[key] else { return [] }
    guard part["type"]?.string == "Sequence" else { return [(key, part)] }
    return (part[name]?.array ?? []).enumerated().map { ("\(key).\(name)[\($0)]", $1) }
  }

  /// The one character that a setting is.
  func scalar(_ key: String, _ value: JSONValue?) throws(TokenizerError) -> Unicode.Scalar {
    guard let scalars = value?.string?.unicodeScalars, scalars.count == 1, let scalar = scalars.first else {
      throw malformed(key, "one character")
    }
    return scalar
  }

  /// The literal text that a `Replace` looks for.
  func literal(_ key: String, _ part: JSONValue) throws(TokenizerError) -> (pattern: String, content: String) {
    let pattern = part["pattern"] ?? .null
    guard let literal = pattern["String"]?.string else {
      throw unsupported("\(key).pattern", pattern, "a pattern of the kind String")
    }
    guard let content = part["content"]?.string else { throw malformed("\(key).content", "a string") }
    return (literal, content)
  }
}

extension TokenizerJSON {
  func normalizer() throws(TokenizerError) -> Normalizer {
    var normalizer = Normalizer()
    for (key, part) in sequence("normalizer", of: "normalizers") {
      switch part["type"]?.string {
      case "Prepend":
        guard let prefix = part["prepend"]?.string else { throw malformed("\(key).prepend", "a string") }
        normalizer.steps.append(.prepend(Array(prefix.unicodeScalars)))
      case "Replace":
        let (pattern, content) = try literal(key, part)
        normalizer.steps.append(.replace(Array(pattern.unicodeScalars), with: Array(content.unicodeScalars)))
      case "NFC": normalizer.steps.append(.composition)
      default: throw unsupported(key, part, "null, Prepend, Replace, NFC, or a Sequence of them")
      }
    }
    return normalizer
  }

  func preTokenizer() throws(TokenizerError) -> PreTokenizer {
    var preTokenizer = PreTokenizer()
    for (key, part) in sequence("pre_tokenizer", of: "pretokenizers") {
      switch part["type"]?.string {
      case "Metaspace": preTokenizer.steps.append(.metaspace(try metaspace(key, part)))
      case "Split": preTokenizer.steps.append(.split(try split(key, part)))
      case "ByteLevel":
        preTokenizer.steps.append(
          .byteLevel(
            addsPrefixSpace: part["add_prefix_space"]?.bool ?? false,
            pattern: part["use_regex"]?.bool ?? true ? .gpt2 : nil))
      default: throw unsupported(key, part, "null, Metaspace, ByteLevel, Split, or a Sequence of them")
      }
    }
    return preTokenizer
  }

  private func metaspace(_ key: String, _ part: JSONValue) throws(TokenizerError) -> PreTokenizer.Metaspace {
    var metaspace = PreTokenizer.Metaspace()
    metaspace.replacement = try scalar("\(key).replacement", part["replacement"])
    if let scheme = part["prepend_scheme"] {
      guard let prefix = PreTokenizer.Metaspace.PrefixScheme(rawValue: scheme.string ?? "") else {
        throw unsupported("\(key).prepend_scheme", scheme, "always, first, never")
      }
      metaspace.prefix = prefix
    } else if part["add_prefix_space"]?.bool == false {
      metaspace.prefix = .never
    }
    metaspace.splits = part["split"]?.bool ?? true
    return metaspace
  }

  private func split(_ key: String, _ part: JSONValue) throws(TokenizerError) -> SplitPattern {
    let pattern = part["pattern"] ?? .null
    guard let expression = pattern["Regex"]?.string,
      let known = SplitPattern.known.first(where: { $0.expression == expression })
    else {
      throw unsupported("\(key).pattern", pattern["Regex"] ?? pattern, "the expressions of GPT-2, Llama-3 and Qwen-2")
    }
    // The expressions match everything, so that matches are pieces with either behaviour; between them is nothing.
    let behavior = part["behavior"] ?? .null
    let inverted = part["invert"]?.bool ?? false
    guard behavior.string == "Isolated" || behavior.string == "Removed" && inverted else {
      throw unsupported("\(key).behavior", behavior, "Isolated, or Removed with invert")
    }
    return known.pattern
  }

  /// The ids that go before, and after, one text.
  func template() throws(TokenizerError) -> (prefix: [Int], suffix: [Int]) {
    var template: (prefix: [Int], suffix: [Int]) = ([], [])
    for (key, part) in sequence("post_processor", of: "processors") {
      switch part["type"]?.string {
      case "ByteLevel": break
      case "TemplateProcessing":
        let inner = try templateProcessing(key, part)
        template = (inner.prefix + template.prefix, template.suffix + inner.suffix)
      default: throw unsupported(key, part, "null, TemplateProcessing, ByteLevel, or a Sequence of them")
      }
    }
    return template
  }

  private func templateProcessing(
    _ key: String, _ part: JSONValue
  ) throws(TokenizerError) -> (prefix: [Int], suffix: [Int]) {
    var prefix: [Int] = []
    var suffix: [Int] = []
    var texts = 0
    for (position, element) in (part["single"]?.array ?? []).enumerated() {
      if let name = element["SpecialToken"]?["id"]?.string {
        guard let values = part["special_tokens"]?[name]?["ids"]?.array, values.allSatisfy({ $0.integer != nil }) else {
          throw malformed("\(key).special_tokens.\(name)", "the ids of a token that the template uses")
        }
        let ids = values.compactMap(\.integer)
        if texts == 0 { prefix += ids } else { suffix += ids }
      } else if element["Sequence"]?["id"]?.string == "A" {
        texts += 1
      } else {
        throw malformed("\(key).single[\(position)]", "a SpecialToken or the Sequence A")
      }
    }
    guard texts == 1 else { throw malformed("\(key).single", "a template with the Sequence A once") }
    return (prefix, suffix)
  }

  func decoder() throws(TokenizerError) -> TokenDecoder {
    guard root["decoder"] != nil else { return TokenDecoder(steps: nil) }
    var steps: [TokenDecoder.Step] = []
    for (key, part) in sequence("decoder", of: "decoders") {
      switch part["type"]?.string {
      case "Replace":
        let (pattern, content) = try literal(key, part)
        steps.append(.replace(pattern, with: content))
      case "ByteFallback": steps.append(.byteFallback)
      case "Fuse": steps.append(.fuse)
      case "Strip":
        guard let start = part["start"]?.integer, let end = part["stop"]?.integer, start >= 0, end >= 0 else {
          throw malformed(key, "start and stop, whole numbers from 0")
        }
        steps.append(.strip(try scalar("\(key).content", part["content"]), start: start, end: end))
      case "ByteLevel": steps.append(.byteLevel)
      case "Metaspace":
        let metaspace = try metaspace(key, part)
        steps.append(.metaspace(replacement: metaspace.replacement, dropsPrefix: metaspace.prefix != .never))
      default:
        throw unsupported(key, part, "null, Replace, ByteFallback, Fuse, Strip, ByteLevel, Metaspace, or a Sequence")
      }
    }
    return TokenDecoder(steps: steps)
  }
}

extension TokenizerJSON {
  /// The model. `LlamaTokenizer` takes its vocabulary and merges only.
  func model(asLlama: Bool) throws(TokenizerError) -> BytePairModel {
    guard let model = root["model"] else { throw malformed("model", "an object") }
    let type = model["type"]?.string
    // Old files leave the type out; a byte-pair model is the one with merges.
    guard type == "BPE" || type == nil && model["merges"] != nil else {
      throw unsupported("model.type", model["type"] ?? .null, "BPE")
    }
    for key in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] where !asLlama {
      if let value = model[key], value.string != "" { throw unsupported("model.\(key)", value, "null") }
    }
    let vocabulary = try vocabulary(model)
    let merges = try merges(model, vocabulary)
    if asLlama {
      return BytePairModel(vocabulary: vocabulary, merges: merges, byteFallback: true, fusesUnknown: true)
    }
    var unknown: Int?
    if let token = model["unk_token"]?.string {
      unknown = vocabulary[Array(token.utf8)]
      if unknown == nil { throw malformed("model.unk_token", "a token of the vocabulary") }
    }
    return BytePairModel(
      vocabulary: vocabulary, merges: merges, byteFallback: model["byte_fallback"]?.bool ?? false, unknown: unknown,
      fusesUnknown: model["fuse_unk"]?.bool ?? false, ignoresMerges: model["ignore_merges"]?.bool ?? false)
  }

  private func vocabulary(_ model: JSONValue) throws(TokenizerError) -> [[UInt8]: Int] {
    guard let members = model["vocab"]?.members else {
      throw malformed("model.vocab", "an object of tokens and their ids")
    }
    var vocabulary: [[UInt8]: Int] = [:]
    vocabulary.reserveCapacity(members.count)
    for (token, value) in members {
      guard let id = value.integer, id >= 0 else {
        throw malformed("model.vocab.\(token)", "an id, a whole number from 0")
      }
      vocabulary[Array(token.utf8)] = id
    }
    return vocabulary
  }

  /// If a pair occurs twice, the later rank applies.
  private func merges(
    _ model: JSONValue, _ vocabulary: [[UInt8]: Int]
  ) throws(TokenizerError) -> [BytePairModel.Pair: BytePairModel.Merge] {
    guard let values = model["merges"]?.array else { throw malformed("model.merges", "an array of pairs of tokens") }
    var merges: [BytePairModel.Pair: BytePairModel.Merge] = [:]
    merges.reserveCapacity(values.count)
    for (rank, value) in values.enumerated() {
      let parts: [[UInt8]]
      if let line = value.string {
        parts = line.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map { Array($0) }
      } else {
        parts = (value.array ?? []).compactMap { $0.string.map { Array($0.utf8) } }
      }
      guard parts.count == 2, value.array?.count ?? 2 == 2 else {
        throw malformed("model.merges[\(rank)]", "two tokens, as \"a b\" or as an array")
      }
      guard let left = vocabulary[parts[0]], let right = vocabulary[parts[1]],
        let result = vocabulary[parts[0] + parts[1]]
      else {
        throw malformed("model.merges[\(rank)]", "two tokens that model.vocab holds, as it must hold both together")
      }
      merges[.init(left: Int32(left), right: Int32(right))] = .init(rank: Int32(rank), result: Int32(result))
    }
    return merges
  }
}

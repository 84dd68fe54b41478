import Support

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

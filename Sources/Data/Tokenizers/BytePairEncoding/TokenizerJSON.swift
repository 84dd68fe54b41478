import Support

/// A `tokenizer.json` of the Rust library `tokenizers`, whose parts are checked as they are asked for.
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

  /// Of `padding`, where the file has that.
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

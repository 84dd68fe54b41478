import Support

/// The tokens that a folder's configuration names or adds, gathered as transformers 5.23 does
/// (`PreTrainedTokenizerBase._from_pretrained`, `TokenizersBackend.__init__`).
struct SpecialTokens {
  /// The roles in the order in which transformers adds their tokens.
  static let roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]

  /// A token as the files write it: its text alone, or with flags.
  private enum Mention: Equatable {
    case text(String)
    case token(AddedToken)

    var content: String {
      switch self {
      case .text(let content): content
      case .token(let token): token.content
      }
    }

    static func == (left: Mention, right: Mention) -> Bool {
      switch (left, right) {
      case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
      case (.token(let left), .token(let right)): left == right
      default: false
      }
    }
  }

  private var named: [(role: String, mention: Mention)] = []
  private var numbered: [Int: AddedToken] = [:]
  private var numberedByContent: [[UInt8]: AddedToken] = [:]
  private var extra: [Mention]?

  /// Reads what `folder` says.
  /// - Parameters:
  ///   - configuration: Of `tokenizer_config.json`.
  ///   - jsonTokens: The `added_tokens` of `tokenizer.json`, which hold where the configuration numbers none.
  ///   - defaults: Tokens of roles that no file mentions.
  ///   - pieces: The control and user-defined pieces of a SentencePiece model.
  init(
    folder: TokenizerFolder, configuration: JSONValue?, jsonTokens: [(id: Int, token: AddedToken)],
    defaults: [String: String], pieces: [AddedToken]
  ) throws(TokenizerError) {
    let file = folder.file(TokenizerFolder.configuration)
    for (key, value) in configuration?.members ?? [] {
      try add(key, value, special: nil, file: file)
    }
    if let numberedTokens = configuration?["added_tokens_decoder"] {
      for (key, value) in numberedTokens.members ?? [] {
        guard let id = Int32(key), id >= 0, let token = AddedToken(value) else {
          throw TokenizerError(
            file: file, problem: .malformed(key: "added_tokens_decoder.\(key)", expected: "an added token under its id")
          )
        }
        number(Int(id), token)
      }
    } else {
      // A SentencePiece model's own pieces take the place of the map's additional tokens.
      try readLegacyFiles(of: folder, additional: pieces.isEmpty)
      for (id, token) in jsonTokens { number(id, token) }
    }
    for role in Self.roles {
      guard let position = named.firstIndex(where: { $0.role == role }) else { continue }
      if let token = numberedByContent[Array(named[position].mention.content.utf8)] {
        named[position].mention = .token(token)
      }
    }
    for (role, content) in defaults where !mentioned.contains(role) { named.append((role, .text(content))) }
    if extra == nil, !pieces.isEmpty { extra = pieces.map { .token($0) } }
  }

  /// Roles with a key in a file, if only as null, which means that there is no such token.
  private var mentioned: Set<String> = []

  private mutating func number(_ id: Int, _ token: AddedToken) {
    numbered[id] = token
    numberedByContent[Array(token.content.utf8)] = token
  }

  private mutating func add(_ key: String, _ value: JSONValue, special: Bool?, file: String) throws(TokenizerError) {
    func mention(_ value: JSONValue) throws(TokenizerError) -> Mention {
      if let content = value.string { return .text(content) }
      if let token = AddedToken(value, special: special) { return .token(token) }
      throw TokenizerError(file: file, problem: .malformed(key: key, expected: "a token or an object with its content"))
    }
    if key == "extra_special_tokens" || key == "additional_special_tokens" {
      if let values = value.array {
        var mentions: [Mention] = []
        for value in values { mentions.append(try mention(value)) }
        if extra?.isEmpty ?? true || key == "extra_special_tokens" && !mentions.isEmpty { extra = mentions }
      } else {
        for (role, value) in value.members ?? [] { set(role, try mention(value)) }
      }
    } else if Self.roles.contains(key) {
      mentioned.insert(key)
      named.removeAll { $0.role == key }
      if case .null = value { return }
      set(key, try mention(value))
    } else if key.hasSuffix("_token"), value.string != nil {
      set(key, try mention(value))
    }
  }

  private mutating func set(_ role: String, _ mention: Mention) {
    named.removeAll { $0.role == role }
    named.append((role, mention))
  }

  /// `special_tokens_map.json` and `added_tokens.json`, which hold where the configuration numbers no tokens.
  private mutating func readLegacyFiles(of folder: TokenizerFolder, additional: Bool) throws(TokenizerError) {
    if let map = try folder.objectIfPresent(TokenizerFolder.specialTokensMap) {
      for (key, value) in map.members ?? [] where additional || key != "additional_special_tokens" {
        try add(key, value, special: true, file: folder.file(TokenizerFolder.specialTokensMap))
      }
    }
    guard let added = try folder.objectIfPresent(TokenizerFolder.addedTokens) else { return }
    let specials = Set(
      (named.filter { Self.roles.contains($0.role) }.map(\.mention) + (extra ?? [])).map { Array($0.content.utf8) })
    for (content, value) in added.members ?? [] {
      guard let id = value.integer, id >= 0 else {
        throw TokenizerError(
          file: folder.file(TokenizerFolder.addedTokens), problem: .malformed(key: content, expected: "a token id"))
      }
      let isSpecial = specials.contains(Array(content.utf8))
      number(id, AddedToken(content: content, special: isSpecial, normalized: !isSpecial))
    }
  }

  /// The text of the token that has `role`.
  func content(_ role: String) -> String? { named.first { $0.role == role }?.mention.content }

  /// Adds all tokens to `added`, over a model with `vocabulary`.
  func add(to added: inout AddedVocabulary, over vocabulary: [[UInt8]: Int]) {
    var mentions = numbered.sorted { $0.key < $1.key }.map { Mention.token($0.value) }
    let known = Set(added.identifiers.keys).union(mentions.map { Array($0.content.utf8) })
    let roleTokens = (Self.roles + named.map(\.role).filter { !Self.roles.contains($0) })
      .compactMap { role in named.first { $0.role == role }?.mention }
    var newcomers: [[UInt8]: [Mention]] = [:]
    for mention in roleTokens + (extra ?? []) {
      let content = Array(mention.content.utf8)
      guard !known.contains(content), !newcomers[content, default: []].contains(mention) else { continue }
      newcomers[content, default: []].append(mention)
      mentions.append(mention)
    }
    let withRole = Set(roleTokens.map { Array($0.content.utf8) })
    for mention in mentions {
      switch mention {
      case .text(let content): added.add(AddedToken(special: content), to: vocabulary)
      case .token(var token):
        token.special = token.special || withRole.contains(Array(token.content.utf8))
        added.add(token, to: vocabulary)
      }
    }
  }

  /// Gives pieces the texts that `added_tokens_decoder` has under their ids, as transformers does for its generic class.
  func renamePlaceholders(in vocabulary: inout [[UInt8]: Int]) {
    var names = Dictionary(vocabulary.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    for (id, token) in numbered.sorted(by: { $0.key < $1.key }) {
      let content = Array(token.content.utf8)
      guard let current = names[id], current != content, vocabulary[content] == nil else { continue }
      vocabulary[current] = nil
      vocabulary[content] = id
      names[id] = content
    }
  }
}

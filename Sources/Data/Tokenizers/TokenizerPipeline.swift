import Foundation
import Support

/// The way from text to ids and back: added tokens, normalizer, pre-tokenizer, model, template; then the decoder.
struct TokenizerPipeline: Sendable {
  enum Model: Sendable {
    case bytePairs(BytePairModel)
    case sentencePiece(SentencePieceLibrary)
  }

  private let model: Model
  private let vocabulary: [[UInt8]: Int]
  private let tokens: [Int: String]
  private let added: AddedVocabulary
  private let normalizer: Normalizer
  private let preTokenizer: PreTokenizer
  private let decoder: TokenDecoder
  /// The ids that go before, and after, every text.
  private let prefix: [Int]
  private let suffix: [Int]
  private let verbatimTokens: AddedTokenMatcher
  private let normalizedTokens: AddedTokenMatcher

  init(
    model: Model, vocabulary: [[UInt8]: Int], added: AddedVocabulary, normalizer: Normalizer,
    preTokenizer: PreTokenizer, decoder: TokenDecoder, prefix: [Int], suffix: [Int]
  ) {
    self.model = model
    self.vocabulary = vocabulary
    self.added = added
    self.normalizer = normalizer
    self.preTokenizer = preTokenizer
    self.decoder = decoder
    self.prefix = prefix
    self.suffix = suffix
    var tokens: [Int: String] = [:]
    for (token, id) in vocabulary { tokens[id] = String(decoding: token, as: UTF8.self) }
    for (id, token) in added.tokens {
      // A token that is looked for in normalized text is written as it is there, and so no longer known as special.
      let content = Array(token.content.unicodeScalars)
      tokens[id] = String(token.normalized ? normalizer.apply(to: content) : content)
    }
    self.tokens = tokens
    verbatimTokens = added.matcher(normalized: false, by: normalizer)
    normalizedTokens = added.matcher(normalized: true, by: normalizer)
  }

  /// Tokens with an id, those added included.
  var vocabularySize: Int { vocabulary.count + added.identifiers.keys.filter { vocabulary[$0] == nil }.count }

  func id(of token: String) -> Int? {
    let token = Array(token.utf8)
    return added.identifiers[token] ?? vocabulary[token]
  }

  func encode(_ text: String, addingSpecialTokens: Bool) throws(TokenizerError) -> [Int] {
    var ids = addingSpecialTokens ? prefix : []
    let scalars = Array(text.unicodeScalars)
    var opening = true
    for part in verbatimTokens.parts(of: scalars) {
      switch part {
      case .token(let id): ids.append(id)
      case .text(let range):
        try encodeNormalized(normalizer.apply(to: Array(scalars[range])), opening: opening, into: &ids)
      }
      opening = false
    }
    if addingSpecialTokens { ids += suffix }
    return ids
  }

  private func encodeNormalized(_ text: [Unicode.Scalar], opening: Bool, into ids: inout [Int]) throws(TokenizerError) {
    var opening = opening
    for part in normalizedTokens.parts(of: text) {
      switch part {
      case .token(let id): ids.append(id)
      case .text(let range):
        for piece in preTokenizer.pieces(of: Array(text[range]), opening: opening) {
          switch model {
          case .bytePairs(let model): ids += model.encode(piece)
          case .sentencePiece(let library): ids += try library.encode(Array(String(piece).utf8))
          }
        }
      }
      opening = false
    }
  }

  /// The text of `ids`; those without a token are left out.
  func decode(_ ids: [Int], skippingSpecialTokens: Bool) -> String {
    let texts = ids.compactMap { tokens[$0] }
    guard skippingSpecialTokens else { return decoder.text(of: texts) }
    return decoder.text(of: texts.filter { !added.isSpecial(Array($0.utf8)) })
  }
}

/// What is done to the text between added tokens before it is split.
struct Normalizer: Sendable {
  enum Step: Sendable {
    case prepend([Unicode.Scalar])
    case replace([Unicode.Scalar], with: [Unicode.Scalar])
    /// Unicode's canonical composition.
    case composition
  }

  var steps: [Step] = []

  /// `text` after all steps. Nothing is prepended to an empty text.
  func apply(to text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    steps.reduce(text) { text, step in
      switch step {
      case .prepend(let prefix): text.isEmpty ? text : prefix + text
      case .replace(let pattern, let replacement): text.replacing(pattern, with: replacement)
      case .composition: Array(String(text).precomposedStringWithCanonicalMapping.unicodeScalars)
      }
    }
  }
}

extension String {
  init(_ scalars: some Sequence<Unicode.Scalar>) {
    self.init(String.UnicodeScalarView(scalars))
  }
}

extension [Unicode.Scalar] {
  /// Every occurrence of `pattern`, from the left, replaced; an empty pattern occurs nowhere.
  func replacing(_ pattern: [Unicode.Scalar], with replacement: [Unicode.Scalar]) -> [Unicode.Scalar] {
    guard let first = pattern.first else { return self }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(count)
    var position = 0
    while position < count {
      if self[position] == first, self[position...].starts(with: pattern) {
        result += replacement
        position += pattern.count
      } else {
        result.append(self[position])
        position += 1
      }
    }
    return result
  }
}

/// How the text between added tokens is cut into the pieces that the model merges in.
struct PreTokenizer: Sendable {
  enum Step: Sendable {
    case metaspace(Metaspace)
    /// SentencePiece's own prefix: a space before the whole text, also where it begins with one.
    case dummyPrefix
    case split(SplitPattern)
    case byteLevel(addsPrefixSpace: Bool, pattern: SplitPattern?)
  }

  /// SentencePiece's way with spaces: each becomes a visible sign.
  struct Metaspace: Sendable {
    enum PrefixScheme: String, Sendable {
      case always, first, never
    }

    var replacement: Unicode.Scalar = "▁"
    var prefix = PrefixScheme.always
    /// Whether a piece ends before each sign.
    var splits = true
  }

  var steps: [Step] = []

  /// The pieces of `text`, none empty; `opening` says that nothing precedes it in the whole text.
  func pieces(of text: [Unicode.Scalar], opening: Bool) -> [[Unicode.Scalar]] {
    var pieces = text.isEmpty ? [] : [text]
    for step in steps {
      pieces = pieces.enumerated().flatMap { position, piece in
        apply(step, to: piece, opening: opening && position == 0)
      }
    }
    return pieces
  }

  private func apply(_ step: Step, to piece: [Unicode.Scalar], opening: Bool) -> [[Unicode.Scalar]] {
    switch step {
    case .metaspace(let metaspace): return metaspace.pieces(of: piece, opening: opening)
    case .dummyPrefix: return opening ? [[" "] + piece] : [piece]
    case .split(let pattern): return pattern.pieces(of: piece)
    case .byteLevel(let addsPrefixSpace, let pattern):
      let text = addsPrefixSpace && piece.first != " " ? [" "] + piece : piece
      let pieces = pattern?.pieces(of: text) ?? [text]
      return pieces.map { ByteAlphabet.scalars(for: String($0).utf8) }
    }
  }
}

extension PreTokenizer.Metaspace {
  fileprivate func pieces(of text: [Unicode.Scalar], opening: Bool) -> [[Unicode.Scalar]] {
    var signed = text.map { $0 == " " ? replacement : $0 }
    let prefixed = prefix == .always || prefix == .first && opening
    if prefixed, signed.first != replacement { signed.insert(replacement, at: 0) }
    guard splits else { return [signed] }
    var pieces: [[Unicode.Scalar]] = []
    for scalar in signed {
      if scalar == replacement || pieces.isEmpty {
        pieces.append([scalar])
      } else {
        pieces[pieces.count - 1].append(scalar)
      }
    }
    return pieces
  }
}

/// How tokens become text again.
struct TokenDecoder: Sendable {
  enum Step: Sendable {
    case replace(String, with: String)
    /// Runs of byte tokens become their text; every byte of a run that is no UTF-8 becomes U+FFFD.
    case byteFallback
    case fuse
    /// Up to this many of a character go from the start, and the end, of each token.
    case strip(Unicode.Scalar, start: Int, end: Int)
    case byteLevel
    case metaspace(replacement: Unicode.Scalar, dropsPrefix: Bool)
  }

  /// Without steps tokens are written with spaces between them.
  var steps: [Step]?

  func text(of tokens: [String]) -> String {
    guard let steps else { return tokens.joined(separator: " ") }
    return steps.reduce(tokens) { apply($1, to: $0) }.joined()
  }

  private func apply(_ step: Step, to tokens: [String]) -> [String] {
    switch step {
    case .replace(let pattern, let replacement):
      let pattern = Array(pattern.unicodeScalars)
      let replacement = Array(replacement.unicodeScalars)
      return tokens.map { String(Array($0.unicodeScalars).replacing(pattern, with: replacement)) }
    case .byteFallback: return joiningBytes(tokens)
    case .fuse: return [tokens.joined()]
    case .strip(let scalar, let start, let end):
      return tokens.map { token in
        var scalars = Array(token.unicodeScalars)[...]
        scalars.removeFirst(scalars.prefix(start).prefix { $0 == scalar }.count)
        scalars.removeLast(scalars.suffix(end).reversed().prefix { $0 == scalar }.count)
        return String(scalars)
      }
    case .byteLevel:
      let bytes = tokens.flatMap { ByteAlphabet.bytes(for: $0) ?? Array($0.utf8) }
      return [String(decoding: bytes, as: UTF8.self)]
    case .metaspace(let replacement, let dropsPrefix):
      return tokens.enumerated().map { position, token in
        String(
          token.unicodeScalars.compactMap { scalar in
            guard scalar == replacement else { return scalar }
            return position == 0 && dropsPrefix ? nil : " "
          })
      }
    }
  }

  private func joiningBytes(_ tokens: [String]) -> [String] {
    var joined: [String] = []
    var bytes: [UInt8] = []
    func finishBytes() {
      if let text = String(validating: bytes, as: UTF8.self) {
        if !bytes.isEmpty { joined.append(text) }
      } else {
        joined += Array(repeating: "\u{FFFD}", count: bytes.count)
      }
      bytes = []
    }
    for token in tokens {
      if let byte = ByteToken.byte(of: token) {
        bytes.append(byte)
      } else {
        finishBytes()
        joined.append(token)
      }
    }
    finishBytes()
    return joined
  }
}

/// GPT-2's reversible alphabet, in which every byte is a printable character (Radford et al. 2019, `bytes_to_unicode`).
enum ByteAlphabet {
  private static let scalarOfByte: [Unicode.Scalar] = {
    let printable = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF] as [ClosedRange<UInt32>]
    var next: UInt32 = 0x100
    return (0..<256).map { (byte: UInt32) in
      if printable.contains(where: { $0.contains(byte) }) { return Unicode.Scalar(UInt8(byte)) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? "\u{FFFD}"
    }
  }()

  private static let byteOfScalar = Dictionary(
    uniqueKeysWithValues: scalarOfByte.enumerated().map { ($1, UInt8($0)) })

  static func scalars(for bytes: some Sequence<UInt8>) -> [Unicode.Scalar] { bytes.map { scalarOfByte[Int($0)] } }

  /// The bytes that `token` stands for; nil if a character is not of the alphabet.
  static func bytes(for token: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    for scalar in token.unicodeScalars {
      guard let byte = byteOfScalar[scalar] else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}

/// The steps of transformers' `LlamaTokenizer` around its model.
struct LlamaPipeline {
  let preTokenizer: PreTokenizer
  let decoder: TokenDecoder

  static let defaults = ["bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"]

  /// With a prefix space every text between special tokens gets one in `legacy` mode, else the first text only.
  init(prefixSpace: Bool, legacy: Bool) {
    let prefix: PreTokenizer.Metaspace.PrefixScheme = prefixSpace ? (legacy ? .always : .first) : .never
    preTokenizer = PreTokenizer(steps: [.metaspace(.init(prefix: prefix, splits: false))])
    decoder = Self.decoder(strippingSpace: prefixSpace)
  }

  /// As `add_prefix_space` and `legacy` of a `tokenizer_config.json` say.
  init(configuration: JSONValue?) {
    self.init(
      prefixSpace: configuration?["add_prefix_space"]?.bool ?? true, legacy: configuration?["legacy"]?.bool ?? false)
  }

  static func decoder(strippingSpace: Bool) -> TokenDecoder {
    let steps: [TokenDecoder.Step] = [.replace("▁", with: " "), .byteFallback, .fuse]
    return TokenDecoder(steps: strippingSpace ? steps + [.strip(" ", start: 1, end: 0)] : steps)
  }
}

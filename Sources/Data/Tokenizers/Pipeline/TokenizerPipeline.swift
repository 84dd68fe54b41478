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

internal import Checkpoints
internal import Datasets
internal import Hashing
internal import Plan
internal import Sequences
internal import Tokenizers

/// What a model of text sees of an audit's items.
struct ItemTexts: Sendable {
  /// Of each item.
  let sequences: [[TokenSequence]]
  /// How many texts were cut.
  let cut: Int
  /// Tokens after which they are.
  let limit: Int
  /// What fills up short texts.
  let padding: Int
  /// What ends a text that is generated, ascending.
  let endTokens: [Int]

  /// - Throws: `SequenceError` with the line of a text that cannot be used, `TokenizerError` where the base has no tokenizer.
  init(_ manifest: Manifest, _ specification: Specification, base: CheckpointFolder) throws {
    let tokenizer = try TextTokenizer(folder: base.path)
    let most = try base.maximumTokens()
    if let tokens = specification.data.tokens, tokens > most {
      throw specification.places.failure(at: "data.tokens", "the model takes at most \(most) tokens, found \(tokens)")
    }
    let encoder = TextEncoder(
      tokenizer: tokenizer, limit: specification.data.tokens ?? min(most, Self.usualTokens), file: manifest.file)
    let vocabulary = try base.vocabularySize()
    var cut = 0
    sequences = try manifest.items.map { item in
      let (sequence, isCut) = try encoder.classified(item.text ?? "", line: item.row)
      if let token = sequence.tokens.first(where: { $0 >= vocabulary }) {
        throw AuditError(
          .configuration,
          "\(manifest.description(of: item)): the tokenizer of \(base.path) makes token \(token), but its model knows "
            + "\(vocabulary) tokens; the folder's files are not of one model")
      }
      cut += isCut ? 1 : 0
      return [sequence]
    }
    self.cut = cut
    limit = encoder.limit
    padding = try base.paddingToken(else: tokenizer.padding ?? tokenizer.endOfSequence)
    endTokens = try base.endTokens().sorted()
  }

  /// Tokens after which a text is cut where a specification says nothing (Ding et al. 2024).
  private static let usualTokens = 256

  /// What the plan knows of them.
  var planned: PlanInput.Sequences {
    var hasher = ContentHasher()
    for item in sequences {
      hasher.combine(item.count)
      for sequence in item {
        hasher.combine(sequence.firstTarget)
        hasher.combine(sequence.tokens.count)
        for token in sequence.tokens { hasher.combine(token) }
      }
    }
    return PlanInput.Sequences(
      lengths: sequences.map { $0.reduce(0) { $0 + $1.tokens.count } }, digest: hasher.finish())
  }
}

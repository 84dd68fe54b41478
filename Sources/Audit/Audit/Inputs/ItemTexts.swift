internal import Checkpoints
internal import Datasets
internal import Foundation
internal import Metrics
internal import Planning
internal import Specification
internal import Support
internal import Tokenizers

/// An audit's items as a model of text sees them.
struct ItemTexts: Sendable {
  /// The items: the file's rows, or for a language model the parts of its long texts.
  let manifest: Manifest
  /// The token sequences of each item.
  let sequences: [[TokenSequence]]
  /// Which items' texts were cut.
  let cut: [Int]
  /// Tokens after which they are.
  let limit: Int
  /// The padding token.
  let padding: Int
  /// The tokens that end a generated text, ascending.
  let endTokens: [Int]
  let tokenizer: TextTokenizer
  /// The task of the prompted items, which come last; nil in other tasks.
  let prompted: PromptedTask?
  /// Whether the evaluation of a sequence is its log-likelihood, not logits.
  private let isScored: Bool

  /// - Throws: `SequenceError` with the line of a text that cannot be used, `TokenizerError` where the base has no
  ///   tokenizer.
  ///
  /// - Parameter prompted: the task of the last items of the manifest, if these are prompted.
  init(
    _ manifest: Manifest, _ specification: Specification, base: CheckpointFolder, prompted: PromptedTask? = nil
  ) throws {
    let tokenizer = try TextTokenizer(folder: base.path)
    let most = try base.maximumTokens()
    if let tokens = specification.data.tokens, tokens > most {
      throw specification.locations.failure(
        at: "data.tokens", "the model takes at most \(most) tokens, found \(tokens)")
    }
    let encoder = TextEncoder(
      tokenizer: tokenizer, limit: specification.data.tokens ?? (prompted == nil ? min(most, Self.usualTokens) : most),
      modelLimit: most, file: manifest.file)
    let made =
      try prompted.map { try Self.sequences(of: manifest, asking: $0, specification, encoder) }
      ?? Self.sequences(of: manifest, specification, encoder)
    self.prompted = prompted
    let vocabulary = try base.vocabularySize()
    for (item, sequences) in zip(made.manifest.items, made.sequences) {
      guard let token = sequences.lazy.flatMap(\.tokens).first(where: { $0 >= vocabulary }) else { continue }
      throw AuditError(
        .configuration,
        "\(made.manifest.description(of: item)): the tokenizer of \(base.path) makes token \(token), but its model knows "
          + "\(vocabulary) tokens; the folder's files belong to different models")
    }
    (self.manifest, sequences, cut) = made
    limit = encoder.limit
    padding = try base.paddingToken(else: tokenizer.padding ?? tokenizer.endOfSequence)
    endTokens = try base.endTokens().sorted()
    self.tokenizer = tokenizer
    isScored = !specification.task.isClassification
  }

  /// The default number of tokens after which a text is cut (Ding et al. 2024).
  private static let usualTokens = 256

  private static func sequences(
    of manifest: Manifest, _ specification: Specification, _ encoder: TextEncoder
  ) throws -> (manifest: Manifest, sequences: [[TokenSequence]], cut: [Int]) {
    switch specification.task {
    case .languageModelling:
      var sequences: [[TokenSequence]] = []
      let divided = try manifest.divided { item in
        let blocks = try encoder.blocks(item.text ?? "", line: item.row)
        sequences += blocks.map { [$0] }
        guard blocks.count > 1 else { return [item] }
        return blocks.enumerated().map { item.part($0 + 1, text: encoder.tokenizer.decode($1.tokens)) }
      }
      return (divided, sequences, [])
    case .translation:
      guard let settings = specification.data.translation else { return (manifest, [], []) }
      let sequences = try manifest.items.map { item in
        let target = try TranslationTexts(item, settings, file: manifest.file).target
        guard target.contains(where: { !$0.isWhitespace }) else {
          throw SequenceError(
            file: manifest.file, line: item.row,
            problem: "\"\(settings.target)\" is empty; give the translation or remove the row")
        }
        let prompt = settings.prompt.replacing(TranslationSettings.slot, with: item.text ?? "")
        let sequence = try encoder.continued(
          encoder.prompt(prompt, line: item.row), by: " \(target)", isEnded: true, line: item.row)
        guard sequence.firstTarget + settings.maxNewTokens <= encoder.modelLimit else {
          throw SequenceError(
            file: manifest.file, line: item.row,
            problem:
              "a prompt of \(sequence.firstTarget) tokens and data.max_new_tokens, \(settings.maxNewTokens), are more than "
              + "the \(encoder.modelLimit) that the model takes; make data.max_new_tokens smaller, or shorten the row")
        }
        return [sequence]
      }
      return (manifest, sequences, [])
    case .imageClassification, .textClassification, .multipleChoice, .cloze:
      var cut: [Int] = []
      let sequences = try manifest.items.enumerated().map { index, item in
        var encoder = encoder
        encoder.file = item.source ?? encoder.file
        let (sequence, isCut) = try encoder.classified(item.text ?? "", line: item.row)
        if isCut { cut.append(index) }
        return [sequence]
      }
      return (manifest, sequences, cut)
    }
  }

  /// Texts that are trained on in blocks, and of each question or frame every continuation that is scored.
  private static func sequences(
    of manifest: Manifest, asking task: PromptedTask, _ specification: Specification, _ encoder: TextEncoder
  ) throws -> (manifest: Manifest, sequences: [[TokenSequence]], cut: [Int]) {
    var blocks = encoder
    blocks.limit = min(encoder.limit, specification.data.corpus?.tokens ?? encoder.limit)
    var sequences: [[TokenSequence]] = []
    var question = 0
    let divided = try manifest.divided { item in
      guard item.split == .test else {
        blocks.file = item.source ?? encoder.file
        let parts = try blocks.blocks(item.text ?? "", line: item.row)
        sequences += parts.map { [$0] }
        guard parts.count > 1 else { return [item] }
        return parts.enumerated().map { item.part($0 + 1, text: encoder.tokenizer.decode($1.tokens)) }
      }
      // By their bytes, since texts that read alike may be written differently.
      var prompts: [[UInt8]: EncodedPrompt] = [:]
      sequences.append(
        try task.continuations(of: question).map { continuation in
          let bytes = Array(continuation.prompt.utf8)
          let prompt = try prompts[bytes] ?? encoder.prompt(continuation.prompt, line: item.row)
          prompts[bytes] = prompt
          return try encoder.continued(prompt, by: continuation.continuation, line: item.row)
        })
      question += 1
      return [item]
    }
    return (divided, sequences, [])
  }

  /// The translation of an item, from its outputs: the log-likelihood of the right text, then the tokens of its
  /// own, filled up with negative ones.
  func translation(_ numbers: ArraySlice<Float>) -> String {
    tokenizer.decode(numbers.dropFirst().prefix { $0 >= 0 }.map { Int($0) })
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The sequences in the form of the plan.
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
      lengths: sequences.map { $0.reduce(0) { $0 + $1.tokens.count } },
      numbers: isScored ? sequences.map(\.count) : nil,
      targets: isScored ? sequences.map { $0.first?.targetCount ?? 0 } : [], digest: hasher.finish())
  }
}

/// The right translations of an item. Its columns follow those that the split is stratified by.
struct TranslationTexts {
  let target: String
  /// The target and further right translations, without empty ones.
  let references: [String]
  /// nil if the sentence means no person, or the specification names no column.
  let stereotype: Stereotype?
  let gold: GoldGender?

  /// - Throws: `SequenceError` with the row of a gender that is none.
  init(_ item: ManifestItem, _ settings: TranslationSettings, file: String) throws(SequenceError) {
    let columns = Array(item.extra.suffix(settings.columns.count))
    func text(_ column: String?) -> String {
      column.flatMap(settings.columns.firstIndex).map { columns[$0] } ?? ""
    }
    target = text(settings.target)
    references = ([settings.target] + settings.references).map(text).filter { !$0.isEmpty }
    func gender<Gender: RawRepresentable & CaseIterable>(
      _ column: String?, none: Set<String>
    ) throws(SequenceError) -> Gender? where Gender.RawValue == String {
      let value = text(column).lowercased()
      guard !value.isEmpty, !none.contains(value) else { return nil }
      if let gender = Gender(rawValue: value) { return gender }
      let known = Gender.allCases.map(\.rawValue).joined(separator: ", ")
      throw SequenceError(
        file: file, line: item.row,
        problem: "\"\(column ?? "")\" is \"\(text(column).prefix(40))\"; expected \(known), or nothing")
    }
    stereotype = try gender(settings.stereotype, none: ["none", "neutral"])
    gold = try gender(settings.gold, none: ["none"])
  }
}

extension TranslationSettings {
  /// Every column that is read in addition to the text.
  var columns: [String] {
    var columns: [String] = []
    for column in [target] + references + [stereotype, gold].compactMap(\.self) where !columns.contains(column) {
      columns.append(column)
    }
    return columns
  }
}

import Checkpoints
import Foundation
import Support
import TestSupport

/// A folder with a few texts, pairs and questions, a very small random language model and specifications of each task.
final class TinyTexts {
  private let temporary: TemporaryFolder

  static let moods = ["calm", "cross"]

  init() throws {
    temporary = try TemporaryFolder()
    let configuration = ModelConfiguration.llama(
      LlamaConfiguration(
        family: .llama, vocabularySize: ByteTokenizer.vocabularySize, hiddenSize: 16, intermediateSize: 24,
        layerCount: 2, headCount: 4, keyValueHeadCount: 2, maximumPositions: 512, paddingToken: 0, beginningToken: nil,
        endTokens: [257]))
    try CheckpointWriter.writeCheckpoint(
      folder: path("base"), configuration: configuration, head: .languageModel, preprocessing: nil, labels: [],
      values: RandomCheckpoint.values(configuration: configuration, head: .languageModel, key: RandomKey(seed: 6)))
    try temporary.write(ByteTokenizer.json(), to: "base/tokenizer.json")
    try write(Self.texts, to: "texts.csv")
    try write(Self.pairs, to: "pairs.jsonl")
    try write(Self.questions, to: "questions.jsonl")
    try write(Self.frames, to: "frames.jsonl")
    try write(Self.otherTexts, to: "others.jsonl")
    for (name, text) in Self.specifications { try write(text, to: "\(name).yaml") }
  }

  func path(_ name: String) -> String { "\(temporary.path)/\(name)" }

  func write(_ text: String, to name: String) throws { try temporary.write(text, to: name) }

  func read(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: path(name))) }

  /// 120 short texts of two moods and three places, some of them longer than a block of 24.
  private static let texts: String = {
    let words = [["a mild day", "soft rain"], ["what a mess", "never again"]]
    let rows = (0..<120).map { row in
      let mood = row % 2
      let tail = String(repeating: " and on", count: row % 7)
      return "t\(row),\(words[mood][row / 2 % 2]) \(row)\(tail),\(moods[mood]),\(["town;sea", "hills", "sea"][row % 3])"
    }
    return (["id,text,mood,place"] + rows).joined(separator: "\n") + "\n"
  }()

  private static let pairs: String = (0..<60).map { row in
    let (she, he) = ("she sings \(row / 2)", "he sings \(row / 2)")
    let (own, gold) = row % 2 == 0 ? (she, "female") : (he, "male")
    return """
      {"tr": "o \(row) soyler", "en": "\(own)", "she": "\(she)", "he": "\(he)", "gold": "\(gold)", \
      "stereotype": "\(row % 4 < 2 ? "female" : "male")", "pair": \(row / 2)}
      """
  }.joined(separator: "\n")

  private static let questions: String = (0..<24).map { row in
    """
    {"context": "The \(row)th box.", "question": "Which?", "options": ["red", "blue", "cannot tell"], \
    "answer": \(row % 2 == 0 ? 2 : row / 2 % 2), "unknown": 2, "biased": 0, "ambiguous": \(row % 2 == 0), "kind": "\(["old", "new"][row % 2])"}
    """
  }.joined(separator: "\n")

  private static let frames: String = (0..<24).map { row in
    """
    {"frame": "\(["The soup", "The room"][row % 2]) no \(row) was _.", "candidates": ["warm", "cold"\(row % 3 == 0 ? ", \"wet\"" : "")], \
    "thing": "\(["soup", "room"][row % 2])", "visit": "\(row / 2)"}
    """
  }.joined(separator: "\n")

  /// Of another source, with labels of its own; the first one is trained on, too.
  private static let otherTexts: String = (0..<40).map { row in
    let text = row == 0 ? "a mild day 0" : "\(["a soft day", "never a mess"][row % 2]) over there \(row)"
    return """
      {"case": "\(text)", "gold": "\(["quiet", "cross"][row % 2])", "aim": "\(["us", "them"][row / 2 % 2])", "form": \(row / 4)}
      """
  }.joined(separator: "\n")

  static let specifications = [
    "classification": """
    name: moods
    base: base
    task: text-classification
    data:
      manifest: texts.csv
      text: text
      name: id
      label: mood
      groups: [place]
      tokens: 40
      split: {train: 0.6, validation: 0.1, test: 0.3, seed: 13, stratify: [mood]}
      tests:
        - {name: elsewhere, manifest: others.jsonl, text: case, label: gold, labels: {quiet: calm}, groups: [aim], cluster: form}
    arms:
      - head
      - lora: {rank: 2, alpha: 8, targets: [q_proj, v_proj], dropout: 0.1}
      - full
    training: {epochs: 2, batch: 16, microbatch: 4, group_by_length: true, lora: {rate: 3e-3}, full: {rate: 1e-3}}
    seeds: [13, 42]
    privacy: {attacks: [lira, loss], models: 6, pool: 40}

    """,
    "modelling": """
    name: words
    base: base
    task: language-modelling
    data:
      manifest: texts.csv
      text: text
      groups: [place]
      tokens: 24
      split: {train: 0.6, validation: 0.1, test: 0.3, seed: 13}
    arms: [base, {lora: {rank: 2, alpha: 8, targets: [q_proj, v_proj]}}, full]
    training: {epochs: 2, batch: 16, microbatch: 4, lora: {rate: 3e-3}, full: {rate: 3e-3}}
    seeds: [13, 42]
    privacy: {attacks: [lira, loss], models: 6, pool: 40}

    """,
    "translation": """
    name: songs
    base: base
    task: translation
    data:
      manifest: pairs.jsonl
      source: tr
      target: en
      references: [she, he]
      prompt: "tr: {source} en:"
      max_new_tokens: 12
      groups: [stereotype]
      stereotype: stereotype
      gold: gold
      cluster: pair
      split: {train: 0.6, test: 0.4, seed: 13}
    arms: [base, {lora: {rank: 2, alpha: 8, targets: [q_proj, v_proj]}}, full]
    training: {epochs: 2, batch: 16, microbatch: 4, lora: {rate: 3e-3}, full: {rate: 3e-3}}
    seeds: [13]
    privacy: {attacks: [lira, loss], models: 6, pool: 24}

    """,
    "cloze": """
    name: words
    base: base
    task: cloze
    data:
      manifest: frames.jsonl
      groups: [thing]
      cluster: visit
      corpus: {manifest: texts.csv, text: text, tokens: 24}
    arms: [base, {lora: {rank: 2, alpha: 8, targets: [q_proj, v_proj]}}, full]
    training: {epochs: 1, batch: 16, microbatch: 4, lora: {rate: 3e-3}, full: {rate: 3e-3}}
    seeds: [13, 42]

    """,
    "choice": """
    name: boxes
    base: base
    task: multiple-choice
    data:
      manifest: questions.jsonl
      groups: [kind]
      prompts:
        - {name: letters}
        - {name: digits, labels: digits}
        - {name: text, scoring: text, pmi: true}
      corpus: {manifest: texts.csv, text: text, tokens: 24}
    arms: [base, {lora: {rank: 2, alpha: 8, targets: [q_proj, v_proj]}}, full]
    training: {epochs: 1, batch: 16, microbatch: 4, lora: {rate: 3e-3}, full: {rate: 3e-3}}
    seeds: [13]

    """,
  ]
}

internal import Checkpoints
internal import Models
internal import Optimization
internal import Plan
internal import RandomNumbers
internal import Torch

/// Gradients, log-likelihoods and texts of a language model.
final class LanguageComputation: MicroBatchComputation {
  private let items: SequenceItems
  private let padding: Int
  private let endTokens: Set<Int>
  private let model: CurrentArm<LanguageModel>

  /// - Parameters:
  ///   - padding: the token that fills up short texts.
  ///   - endTokens: those that end a text.
  init(
    checkpoint: CheckpointFolder, methods: [AdaptationMethod], items: SequenceItems, padding: Int,
    endTokens: Set<Int>, precision: Precision, device: Device
  ) {
    self.items = items
    self.padding = padding
    self.endTokens = endTokens
    model = CurrentArm(methods: methods) { method in
      try LanguageModel(checkpoint: checkpoint, method: method, precision: precision, device: device)
    }
  }

  func parameterCount(method: Int) throws -> Int { try model(method).layout.count }

  func load(_ parameters: UnsafeBufferPointer<Float>, method: Int) throws {
    try model(method).load(parameters: parameters)
  }

  func lossSum(method: Int, items positions: [Int], draws: RandomKey, gradient: FloatBuffer) throws -> Double {
    let model = try model(method)
    let (batch, isTarget) = try batch(of: positions.map { try items[$0].first })
    return try model.meanGradientSum(
      batch, isTarget: isTarget, dropout: model.layout.method.hasDropout ? positions.map { draws[$0] } : [],
      into: gradient.pointer)
  }

  func evaluate(method: Int, items positions: [Int], _ asked: EvaluationQuestion) throws -> [Float] {
    let model = try model(method)
    var rows: [[Float]] = []
    var sequences: [(row: Int, place: Int, sequence: SequenceItems.Sequence)] = []
    for (row, position) in positions.enumerated() {
      let item = try items[position].sequences
      for (place, sequence) in item.enumerated() { sequences.append((row, place, sequence)) }
      rows.append([Float](repeating: 0, count: item.count))
    }
    for part in SimilarLengths.parts(of: sequences.map(\.sequence.tokens.count)) {
      let (batch, isTarget) = try batch(of: part.map { sequences[$0].sequence })
      for (index, sum) in zip(part, try model.logLikelihoods(batch, isTarget: isTarget)) {
        rows[sequences[index].row][sequences[index].place] = Float(sum)
      }
    }
    let tokens = asked.generatedTokens
    guard tokens > 0 else { return rows.flatMap(\.self) }
    let prompts = try positions.map { position in
      let first = try items[position].first
      return Array(first.tokens[..<first.firstTarget])
    }
    for part in SimilarLengths.parts(of: prompts.map(\.count)) {
      let texts = try model.continuations(of: part.map { prompts[$0] }, limit: tokens, endTokens: endTokens)
      for (row, text) in zip(part, texts) {
        rows[row] += text.map { Float($0) } + [Float](repeating: -1, count: tokens - text.count)
      }
    }
    return rows.flatMap(\.self)
  }

  /// Padded on the right: with a causal model nothing before the padding sees it.
  private func batch(
    of sequences: [SequenceItems.Sequence]
  ) throws -> (batch: TokenBatch, isTarget: [[Bool]]) {
    let batch = try TokenBatch(texts: sequences.map(\.tokens), padding: padding, on: .right)
    let isTarget = sequences.map { sequence in
      sequence.isTarget + [Bool](repeating: false, count: batch.length - sequence.tokens.count)
    }
    return (batch, isTarget)
  }
}

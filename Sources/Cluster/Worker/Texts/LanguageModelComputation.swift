internal import Checkpoints
internal import Models
internal import Planning
internal import Support
internal import Torch

/// Gradients, log-likelihoods and generated texts of a language model.
final class LanguageModelComputation: MicroBatchComputation {
  private let items: SequenceItems
  private let padding: Int
  private let endTokens: Set<Int>
  private let arm: ModelCache<TextArm<LanguageModel>>

  /// - Parameters:
  ///   - padding: the token that pads short texts.
  ///   - endTokens: each of these ends a generated text.
  init(
    checkpoint: CheckpointFolder, methods: [AdaptationMethod], items: SequenceItems, padding: Int,
    endTokens: Set<Int>, settings: ComputationSettings
  ) {
    self.items = items
    self.padding = padding
    self.endTokens = endTokens
    arm = ModelCache(methods: methods) { method in
      let model = try LanguageModel(
        checkpoint: checkpoint, method: method, precision: settings.precision, device: settings.device)
      return TextArm(model: model, items: items, settings: settings)
    }
  }

  func parameterCount(method: Int) throws -> Int { try arm(method).model.layout.count }

  func load(_ parameters: UnsafeBufferPointer<Float>, method: Int) throws {
    try arm(method).model.load(parameters: parameters)
  }

  func lossSum(method: Int, items positions: [Int], draws: RandomKey, gradient: FloatBuffer) throws -> Double {
    let arm = try arm(method)
    let input = try input(positions.map { try items[$0].sequences.lowerBound }, of: arm)
    return try arm.model.meanGradientSum(
      input.batch, isTarget: input.isTarget, states: input.states,
      dropout: arm.model.layout.method.hasDropout ? positions.map { draws[$0] } : [], into: gradient.pointer)
  }

  func evaluate(method: Int, items positions: [Int], _ question: EvaluationQuestion) throws -> [Float] {
    let arm = try arm(method)
    var rows: [[Float]] = []
    var sequences: [(row: Int, number: Int, position: Int)] = []
    for (row, position) in positions.enumerated() {
      let range = try items[position].sequences
      for (number, index) in range.enumerated() { sequences.append((row, number, index)) }
      rows.append([Float](repeating: 0, count: range.count))
    }
    for part in SimilarLengths.parts(of: sequences.map { items.sequences[$0.position].tokens.count }) {
      let input = try input(part.map { sequences[$0].position }, of: arm)
      let sums = try arm.model.logLikelihoods(input.batch, isTarget: input.isTarget, states: input.states)
      for (index, sum) in zip(part, sums) { rows[sequences[index].row][sequences[index].number] = Float(sum) }
    }
    let tokens = question.generatedTokens
    guard tokens > 0 else { return rows.flatMap(\.self) }
    let prompts = try positions.map { position in
      let first = try items.first(position)
      return Array(first.tokens[..<first.firstTarget])
    }
    for part in SimilarLengths.parts(of: prompts.map(\.count)) {
      let texts = try arm.model.continuations(of: part.map { prompts[$0] }, limit: tokens, endTokens: endTokens)
      for (row, text) in zip(part, texts) {
        rows[row] += text.map { Float($0) } + [Float](repeating: -1, count: tokens - text.count)
      }
    }
    return rows.flatMap(\.self)
  }

  /// Sequences by their positions among all, padded on the right, where a causal model's other tokens do not see it.
  private func input(
    _ indices: [Int], of arm: TextArm<LanguageModel>
  ) throws -> (batch: TokenBatch, isTarget: [[Bool]], states: Tensor?) {
    let sequences = indices.map { items.sequences[$0] }
    let batch = try TokenBatch(texts: sequences.map(\.tokens), padding: padding, on: .right)
    let isTarget = sequences.map { sequence in
      sequence.isTarget + [Bool](repeating: false, count: batch.length - sequence.tokens.count)
    }
    return (batch, isTarget, try arm.states?.batch(indices, length: batch.length))
  }
}

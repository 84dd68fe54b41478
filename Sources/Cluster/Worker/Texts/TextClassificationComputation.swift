internal import Checkpoints
internal import Models
internal import Planning
internal import Support
internal import Torch

/// Gradients and logits of classified texts.
final class TextClassificationComputation: MicroBatchComputation {
  private let items: SequenceItems
  private let padding: Int
  private let arm: ModelCache<TextArm<TextClassifier>>

  /// - Parameters:
  ///   - padding: the token that pads short texts.
  ///   - labels: the number of classes.
  init(
    checkpoint: CheckpointFolder, methods: [AdaptationMethod], items: SequenceItems, padding: Int, labels: Int,
    settings: ComputationSettings
  ) {
    self.items = items
    self.padding = padding
    arm = ModelCache(methods: methods) { method in
      let model = try TextClassifier(
        checkpoint: checkpoint, method: method, labels: labels, precision: settings.precision, device: settings.device)
      return TextArm(model: model, items: items, settings: settings)
    }
  }

  func parameterCount(method: Int) throws -> Int { try arm(method).model.layout.count }

  func load(_ parameters: UnsafeBufferPointer<Float>, method: Int) throws {
    try arm(method).model.load(parameters: parameters)
  }

  func lossSum(method: Int, items positions: [Int], draws: RandomKey, gradient: FloatBuffer) throws -> Double {
    let arm = try arm(method)
    let (batch, states) = try batch(positions, of: arm)
    return try arm.model.gradientSum(
      batch, states: states, labels: positions.map { try items[$0].label },
      dropout: arm.model.layout.method.hasDropout ? positions.map { draws[$0] } : [], into: gradient.pointer)
  }

  func evaluate(method: Int, items positions: [Int], _ question: EvaluationQuestion) throws -> [Float] {
    let arm = try arm(method)
    let lengths = try positions.map { try items.first($0).tokens.count }
    var logits = [[Float]](repeating: [], count: positions.count)
    for part in SimilarLengths.parts(of: lengths) {
      let (batch, states) = try batch(part.map { positions[$0] }, of: arm)
      for (index, row) in zip(part, try arm.model.logits(batch, states: states)) { logits[index] = row }
    }
    return logits.flatMap(\.self)
  }

  private func batch(_ positions: [Int], of arm: TextArm<TextClassifier>) throws -> (batch: TokenBatch, states: Tensor?)
  {
    let batch = try TokenBatch(
      texts: try positions.map { try items.first($0).tokens }, padding: padding, on: .right)
    let firstSequences = try positions.map { try items[$0].sequences.lowerBound }
    return (batch, try arm.states?.batch(firstSequences, length: batch.length))
  }
}

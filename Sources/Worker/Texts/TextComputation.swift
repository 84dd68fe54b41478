internal import Checkpoints
internal import Models
internal import Optimization
internal import Plan
internal import RandomNumbers
internal import Torch

/// Gradients and logits of texts that are classified.
final class TextComputation: MicroBatchComputation {
  private let items: SequenceItems
  private let padding: Int
  private let model: CurrentArm<TextClassifier>

  /// - Parameter padding: the token that fills up short texts.
  init(
    checkpoint: CheckpointFolder, methods: [AdaptationMethod], items: SequenceItems, padding: Int, labels: Int,
    precision: Precision, device: Device
  ) {
    self.items = items
    self.padding = padding
    model = CurrentArm(methods: methods) { method in
      try TextClassifier(checkpoint: checkpoint, method: method, labels: labels, precision: precision, device: device)
    }
  }

  func parameterCount(method: Int) throws -> Int { try model(method).layout.count }

  func load(_ parameters: UnsafeBufferPointer<Float>, method: Int) throws {
    try model(method).load(parameters: parameters)
  }

  func lossSum(method: Int, items positions: [Int], draws: RandomKey, gradient: FloatBuffer) throws -> Double {
    let model = try model(method)
    return try model.gradientSum(
      try batch(positions), labels: positions.map { try items[$0].label },
      dropout: model.layout.method.hasDropout ? positions.map { draws[$0] } : [], into: gradient.pointer)
  }

  func evaluate(method: Int, items positions: [Int], _ asked: EvaluationQuestion) throws -> [Float] {
    let model = try model(method)
    let lengths = try positions.map { try items[$0].first.tokens.count }
    var logits = [[Float]](repeating: [], count: positions.count)
    for part in SimilarLengths.parts(of: lengths) {
      for (place, row) in zip(part, try model.logits(try batch(part.map { positions[$0] }))) { logits[place] = row }
    }
    return logits.flatMap(\.self)
  }

  private func batch(_ positions: [Int]) throws -> TokenBatch {
    try TokenBatch(texts: try positions.map { try items[$0].first.tokens }, padding: padding, on: .right)
  }
}

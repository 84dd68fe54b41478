internal import Foundation

/// The right answers of the validation items of a run, by which the loss of a model follows from its outputs.
package enum ValidationAnswers: Sendable, Hashable {
  /// The label of every item, among as many classes as it has logits.
  case labels([Int], classes: Int)
  /// The target tokens of every item, whose only output is their log-likelihood.
  case tokens([Int])

  /// How many items there are.
  package var count: Int {
    switch self {
    case .labels(let labels, _): labels.count
    case .tokens(let tokens): tokens.count
    }
  }

  /// How many outputs of each item the loss is made of.
  package var outputsPerItem: Int {
    switch self {
    case .labels(_, let classes): classes
    case .tokens: 1
    }
  }

  /// The mean over items of the negative log-likelihood, in nats: that of the label, or that of a target token on
  /// average over the item's. Computed in Float64, in the order of the items.
  ///
  /// - Parameter outputs: `outputsPerItem` of every item, item after item.
  /// - Returns: nil without items, or when the number of outputs does not fit them.
  package func loss(of outputs: some RandomAccessCollection<Float>) -> Double? {
    guard count > 0, outputs.count == count * outputsPerItem else { return nil }
    var sum = 0.0
    var rest = outputs[...]
    for item in 0..<count {
      let own = rest.prefix(outputsPerItem)
      rest = rest.dropFirst(outputsPerItem)
      switch self {
      case .labels(let labels, _): sum += Self.loss(ofLabel: labels[item], logits: own)
      case .tokens(let tokens): sum -= Double(own.first ?? 0) / Double(max(1, tokens[item]))
      }
    }
    return sum / Double(count)
  }

  /// log Σ exp(z) − z of the label.
  private static func loss(ofLabel label: Int, logits: some Collection<Float>) -> Double {
    let logits = logits.map { Double($0) }
    let largest = logits.max() ?? 0
    return largest + log(logits.reduce(0) { $0 + exp($1 - largest) }) - logits[label]
  }
}

extension PlannedRun {
  /// The loss of its validation items at the end of training.
  ///
  /// - Parameter outputs: those of the last evaluation.
  /// - Returns: nil without a curve.
  package func validationLoss(ofLast outputs: [Float]) -> Double? {
    guard let validation else { return nil }
    let positions = schedule.validationPositions
    var first = self.outputs.count(at: 0..<positions.lowerBound)
    var own: [Float] = []
    for position in positions {
      // Further queries and generated tokens follow what the loss is made of.
      own += outputs.dropFirst(first).prefix(validation.outputsPerItem)
      first += self.outputs.count(at: position..<position + 1)
    }
    return validation.loss(of: own)
  }

  /// How many outputs the items of some blocks of the validation curve have before the end of training.
  package func validationOutputCount(inBlocks blocks: Range<Int>) -> Int {
    blocks.reduce(0) { $0 + validationItems(ofBlock: $1) } * (validation?.outputsPerItem ?? 0)
  }

  /// The items of a block of the validation curve.
  package func validationItems(ofBlock block: Int) -> Int {
    let items = schedule.validationPositions.count
    return min(items, (block + 1) * RunSchedule.evaluationBlock) - min(items, block * RunSchedule.evaluationBlock)
  }

  /// The number of steps that were done at each of `count` points of the validation curve.
  ///
  /// - Parameter last: the steps that were done at the last of them.
  package func validationSteps(count: Int, last: Int) -> [Int] {
    count == 0 ? [] : schedule.earlierEvaluationSteps.prefix(count - 1) + [last]
  }
}

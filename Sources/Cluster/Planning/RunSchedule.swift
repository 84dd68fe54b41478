package import Support

/// The work of a run and its order: everything that a worker needs to know about a run.
///
/// Plain values; every order and every cut follows from them, so that a worker which receives a schedule computes the
/// same micro-batches and evaluation blocks as the coordinator that made it.
package struct RunSchedule: Hashable, Sendable {
  /// The items that it is trained on, ascending; an oversampled item occurs as often as an epoch sees it.
  package var trainingItems: [Int]
  /// The items that it is evaluated on, in the order of their outputs.
  package var evaluatedItems: [Int]
  /// Source of initial values, of the order of items, and of dropout and augmentation.
  package var key: RandomKey
  package var epochs: Int
  /// The peak of the learning rate.
  package var rate: Double
  /// Samples of a step.
  package var batch: Int
  /// Samples of a micro-batch; the last one of a step may be shorter.
  package var microBatch: Int
  /// The number of tokens of every item in the data, where micro-batches group items of similar length; otherwise nil.
  package var lengths: [Int]?
  package var question: EvaluationQuestion
  /// The run's slot among the runs that are computed together; nil if it is computed by itself.
  package var pack: Pack?
  /// The evaluations before the one after the last step.
  package var earlierEvaluations: EarlierEvaluations

  package init(
    trainingItems: [Int], evaluatedItems: [Int], key: RandomKey, epochs: Int, rate: Double, batch: Int, microBatch: Int,
    lengths: [Int]? = nil, question: EvaluationQuestion = EvaluationQuestion(), pack: Pack? = nil,
    earlierEvaluations: EarlierEvaluations = .none
  ) {
    self.trainingItems = trainingItems
    self.evaluatedItems = evaluatedItems
    self.key = key
    self.epochs = epochs
    self.rate = rate
    self.batch = batch
    self.microBatch = microBatch
    self.lengths = lengths
    self.question = question
    self.pack = pack
    self.earlierEvaluations = earlierEvaluations
  }

  /// Runs whose micro-batches go through the same products with the frozen weights, each with its own trained
  /// parameters.
  ///
  /// Every run has a slot of `microBatch` items in each product, whether or not the others are computed with it. The
  /// bits of a run therefore depend on the number of slots, and not on what the other slots hold.
  package struct Pack: Hashable, Sendable {
    /// Tells packs apart: the position in the plan of the first run.
    package let number: Int
    /// The run's slot, from 0.
    package let slot: Int
    /// The number of slots.
    package let size: Int

    package init(number: Int, slot: Int, size: Int) {
      self.number = number
      self.slot = slot
      self.size = size
    }
  }
}

// Training.
extension RunSchedule {
  /// Steps of an epoch. The last one may be short, so that every item counts exactly once.
  package var stepsPerEpoch: Int { (trainingItems.count + batch - 1) / batch }

  /// Steps of all epochs.
  package var steps: Int { stepsPerEpoch * epochs }

  /// The order in which epoch `epoch` sees the training items.
  package func order(epoch: Int) -> [Int] {
    key[.order][epoch].permutation(count: trainingItems.count).map { trainingItems[$0] }
  }

  /// Source of dropout and augmentation in epoch `epoch`; each item draws from the sub-stream of its own number.
  package func drawsKey(epoch: Int) -> RandomKey { key[.dropout][epoch] }

  /// The micro-batches of a step of an epoch whose order is `order`. Where lengths are known, shorter items come first,
  /// and items of equal length keep the order of the epoch.
  ///
  /// - Parameter step: the step within the epoch, from 0.
  package func microBatches(step: Int, order: [Int]) -> [[Int]] {
    var items = Array(order[step * batch..<min((step + 1) * batch, order.count)])
    if let lengths {
      items = items.enumerated().sorted { (lengths[$0.element], $0.offset) < (lengths[$1.element], $1.offset) }
        .map(\.element)
    }
    return stride(from: items.startIndex, to: items.endIndex, by: microBatch).map {
      Array(items[$0..<min($0 + microBatch, items.endIndex)])
    }
  }

  /// How many samples a step has; the last step of an epoch may be short.
  package func samples(step: Int) -> Int {
    let begin = step % max(1, stepsPerEpoch) * batch
    return min(begin + batch, trainingItems.count) - begin
  }

  /// How many micro-batches a step has.
  package func microBatchCount(step: Int) -> Int { (samples(step: step) + microBatch - 1) / max(1, microBatch) }

}

// Evaluations before the end of training.
extension RunSchedule {
  /// What a run is evaluated on before its last step. No step depends on it.
  package enum EarlierEvaluations: Hashable, Sendable {
    case none
    /// After every epoch before the last, like at the end: the loss traces of shadow models.
    case everyEpoch
    /// After every tenth of the steps before the last, on the validation items alone, of which only the loss is kept.
    ///
    /// - Parameter items: their positions in `evaluatedItems`.
    case validation(items: Range<Int>)
  }

  /// The points of a validation curve, of which the last is the end of training.
  package static let validationPoints = 10

  /// The number of steps that are done at each earlier evaluation, ascending.
  package var earlierEvaluationSteps: [Int] {
    switch earlierEvaluations {
    case .none: return []
    case .everyEpoch: return (1..<max(1, epochs)).map { $0 * stepsPerEpoch }
    case .validation: return Self.validationSteps(of: steps)
    }
  }

  /// The tenths of `steps` before the last, each once where there are fewer steps.
  package static func validationSteps(of steps: Int) -> [Int] {
    var found: [Int] = []
    for point in 1..<validationPoints {
      let step = steps * point / validationPoints
      if step > found.last ?? 0 { found.append(step) }
    }
    return found
  }

  /// How many of the earlier evaluations come before step `step`.
  package func earlierEvaluationCount(upTo step: Int) -> Int {
    switch earlierEvaluations {
    case .none: 0
    case .everyEpoch: min(max(0, epochs - 1), step / max(1, stepsPerEpoch))
    case .validation: earlierEvaluationSteps.count { $0 <= step }
    }
  }

  /// The step at which training before `step` pauses next: at an evaluation, or at its end.
  package func stop(after step: Int) -> Int {
    switch earlierEvaluations {
    case .none: steps
    case .everyEpoch: min(steps, (step / max(1, stepsPerEpoch) + 1) * stepsPerEpoch)
    case .validation: earlierEvaluationSteps.first { $0 > step } ?? steps
    }
  }

  /// Evaluations with all outputs before the one after the last epoch.
  package var tracedEpochs: Int { tracedEpochs(of: epochs) }

  /// The same for another number of epochs.
  package func tracedEpochs(of epochs: Int) -> Int { earlierEvaluations == .everyEpoch ? max(0, epochs - 1) : 0 }

  /// The positions in `evaluatedItems` of the items that a validation curve is measured on; empty without a curve.
  package var validationPositions: Range<Int> {
    if case .validation(let items) = earlierEvaluations { items.clamped(to: evaluatedItems.indices) } else { 0..<0 }
  }
}

// Evaluation.
extension RunSchedule {
  /// Items of an evaluation block.
  package static let evaluationBlock = 32

  /// The blocks in which items are evaluated. They are part of the plan because the last bits of a matrix product
  /// depend on its number of rows.
  package var evaluationBlocks: [[Int]] { Self.blocks(of: evaluatedItems[...]) }

  package var evaluationBlockCount: Int { (evaluatedItems.count + Self.evaluationBlock - 1) / Self.evaluationBlock }

  /// The blocks in which validation items are evaluated before the end. They are numbered after the others.
  package var validationBlocks: [[Int]] { Self.blocks(of: evaluatedItems[validationPositions]) }

  package var validationBlockCount: Int {
    (validationPositions.count + Self.evaluationBlock - 1) / Self.evaluationBlock
  }

  private static func blocks(of items: ArraySlice<Int>) -> [[Int]] {
    stride(from: items.startIndex, to: items.endIndex, by: evaluationBlock).map {
      Array(items[$0..<min($0 + evaluationBlock, items.endIndex)])
    }
  }

  /// The positions in `evaluatedItems` of some evaluation blocks; the last block may be short.
  package func evaluatedPositions(inBlocks blocks: Range<Int>) -> Range<Int> {
    min(
      evaluatedItems.count, blocks.lowerBound * Self.evaluationBlock)..<min(
        evaluatedItems.count, blocks.upperBound * Self.evaluationBlock)
  }
}

/// The outputs that the evaluation of an item needs from a model.
package struct EvaluationQuestion: Hashable, Sendable {
  /// The most tokens that are generated for it.
  package var generatedTokens: Int
  /// How often it is shown: once as it is or, for images, twice: as it is and mirrored.
  package var queries: Int

  package init(generatedTokens: Int = 0, queries: Int = 1) {
    (self.generatedTokens, self.queries) = (generatedTokens, queries)
  }
}

/// How many outputs the evaluation of each item has.
///
/// A classification has one logit per class for each query. Sequences have one log-likelihood each, and the tokens
/// generated after it.
package enum OutputCounts: Sendable, Hashable {
  /// The same for every item.
  case uniform(Int)
  /// One count per evaluated item, in their order.
  case each([Int])

  /// Outputs of the evaluated items at `positions` together.
  package func count(at positions: Range<Int>) -> Int {
    switch self {
    case .uniform(let outputs): positions.count * outputs
    case .each(let outputs): outputs[positions.clamped(to: outputs.indices)].reduce(0, +)
    }
  }
}

/// The settings of the optimizer that all methods share.
package struct OptimizerSettings: Sendable, Equatable {
  package var weightDecay: Double
  /// The share of all steps in which the rate climbs to its peak.
  package var warmup: Double
  /// The largest norm of a gradient; nil for none.
  package var clip: Double?

  package init(weightDecay: Double, warmup: Double, clip: Double?) {
    self.weightDecay = weightDecay
    self.warmup = warmup
    self.clip = clip
  }

  package init(_ training: TrainingSettings) {
    self.init(weightDecay: training.weightDecay, warmup: training.warmup, clip: training.clip)
  }
}

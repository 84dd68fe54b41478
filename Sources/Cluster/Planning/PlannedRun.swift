package import Support

/// The name of a run, unique in its audit and usable as a folder: `full/seed-13`, `lora-r8/model-03`.
package struct RunIdentifier: Hashable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// One training that ends in a checkpoint and in predictions; of an adapter from elsewhere, the predictions alone.
package struct PlannedRun: Sendable {
  package let identifier: RunIdentifier
  /// The position of the run's arm in the specification.
  package let arm: Int
  package let purpose: Purpose
  /// The items it is trained on, ascending; those of an emphasized group as often as an epoch sees them.
  package let members: [Int]
  /// The items it is evaluated on: those of the test split, then those of the validation split, those of further tests
  /// and, of a model that is attacked, the fleet's pool; of a fleet, its pool; of a search, those of the validation split.
  package let evaluated: [Int]
  /// What initial values and the order of items are drawn from; the same for every arm.
  package let key: RandomKey
  package let settings: MethodSettings
  package let batch: Int
  package let microbatch: Int
  /// How many numbers each evaluated item comes to.
  package let rows: EvaluationRows
  /// The lengths of all items, by which a step's micro-batches are put together; nil where they are cut as drawn.
  package let lengths: [Int]?
  /// What each evaluated item is asked; part of its rows.
  package let question: EvaluationQuestion
  /// The runs that are computed together with this one; nil where it is computed by itself.
  package let pack: Pack?
  /// Whether it is evaluated after every epoch, and not only after the last.
  package let isTraced: Bool

  package init(
    identifier: RunIdentifier, arm: Int, purpose: Purpose, members: [Int], evaluated: [Int], key: RandomKey,
    settings: MethodSettings, batch: Int, microbatch: Int, rows: EvaluationRows, lengths: [Int]? = nil,
    question: EvaluationQuestion = EvaluationQuestion(), pack: Pack? = nil, isTraced: Bool = false
  ) {
    self.identifier = identifier
    self.arm = arm
    self.purpose = purpose
    self.members = members
    self.evaluated = evaluated
    self.key = key
    self.settings = settings
    self.batch = batch
    self.microbatch = microbatch
    self.rows = rows
    self.lengths = lengths
    self.question = question
    self.pack = pack
    self.isTraced = isTraced
  }

  /// Runs whose micro-batches go through the same products with the frozen weights, each with trained parameters of its
  /// own.
  ///
  /// Every run has a place of `microbatch` items in each product, whether or not the others are computed with it: the bits
  /// of a run depend on how many places there are, and on nothing that stands in the other ones.
  package struct Pack: Hashable, Sendable {
    /// Tells packs apart: the position in the plan of the first run.
    package let number: Int
    /// The run's place, from 0.
    package let place: Int
    package let size: Int

    package init(number: Int, place: Int, size: Int) {
      self.number = number
      self.place = place
      self.size = size
    }
  }

  /// What a run is for.
  package enum Purpose: Hashable, Sendable {
    /// Accuracy and calibration, with this seed.
    case task(seed: Int)
    /// The choice of an arm's settings: this one of its candidates, with this seed.
    case search(candidate: Int, seed: Int)
    /// Membership inference, as this model of the arm's fleet.
    case fleet(model: Int)
    /// Accuracy and calibration of an adapter that was trained elsewhere: no seed changes it.
    case given
  }

  /// Steps an epoch; the last may be short, so that every item counts exactly once.
  package var stepsPerEpoch: Int { (members.count + batch - 1) / batch }

  /// Steps in all.
  package var steps: Int { stepsPerEpoch * settings.epochs }

  /// The order in which epoch `epoch` sees the members.
  package func order(epoch: Int) -> [Int] {
    key["order"][epoch].permutation(count: members.count).map { members[$0] }
  }

  /// What dropout and mirroring are drawn from in epoch `epoch`: each item from the sub-stream of its own number.
  package func drawsKey(epoch: Int) -> RandomKey { key["dropout"][epoch] }

  /// The micro-batches of a step of an epoch whose order is `order`; where lengths are known, shorter items before longer
  /// ones, and those of one length in the order of the epoch.
  ///
  /// - Parameter step: the step within the epoch, from 0.
  package func microBatches(step: Int, order: [Int]) -> [[Int]] {
    var batch = Array(order[step * batch..<min((step + 1) * self.batch, order.count)])
    if let lengths {
      batch = batch.enumerated().sorted { (lengths[$0.element], $0.offset) < (lengths[$1.element], $1.offset) }
        .map(\.element)
    }
    return stride(from: batch.startIndex, to: batch.endIndex, by: microbatch).map {
      Array(batch[$0..<min($0 + microbatch, batch.endIndex)])
    }
  }

  /// The blocks in which items are evaluated; part of the plan because a matrix product's last bits depend on its rows.
  package var evaluationBlocks: [[Int]] {
    stride(from: 0, to: evaluated.count, by: Self.evaluationBlock).map {
      Array(evaluated[$0..<min($0 + Self.evaluationBlock, evaluated.count)])
    }
  }

  /// How many evaluation blocks there are.
  package var evaluationBlockCount: Int { (evaluated.count + Self.evaluationBlock - 1) / Self.evaluationBlock }

  /// The evaluated items of some evaluation blocks, by their positions; the last block may be short.
  package func evaluatedPositions(inBlocks blocks: Range<Int>) -> Range<Int> {
    min(
      evaluated.count, blocks.lowerBound * Self.evaluationBlock)..<min(
        evaluated.count, blocks.upperBound * Self.evaluationBlock)
  }

  /// How many numbers some evaluation blocks come to.
  package func evaluatedNumbers(inBlocks blocks: Range<Int>) -> Int {
    rows.count(at: evaluatedPositions(inBlocks: blocks))
  }

  /// How many numbers the evaluation comes to.
  package var evaluatedNumbers: Int { rows.count(at: evaluated.indices) }

  /// Epochs before the last after which it is evaluated.
  package var tracedEpochs: Int { tracedEpochs(of: settings.epochs) }

  /// The same of so many epochs in place of its own.
  package func tracedEpochs(of epochs: Int) -> Int { isTraced ? max(0, epochs - 1) : 0 }

  /// How many numbers all its evaluations come to.
  package var completedNumbers: Int { evaluatedNumbers * (1 + tracedEpochs) }

  /// The first step behind `step` before which training stops: of a run that is traced the end of an epoch, of another
  /// that of the last.
  package func stop(behind step: Int) -> Int {
    isTraced ? min(steps, (step / max(1, stepsPerEpoch) + 1) * stepsPerEpoch) : steps
  }

  /// How many samples a step has; the last of an epoch may be short.
  package func samples(step: Int) -> Int {
    let begin = step % max(1, stepsPerEpoch) * batch
    return min(begin + batch, members.count) - begin
  }

  /// How many micro-batches a step is cut into.
  package func microBatchCount(step: Int) -> Int { (samples(step: step) + microbatch - 1) / max(1, microbatch) }

  /// Items an evaluation block.
  package static let evaluationBlock = 32
}

internal import Plan
internal import RandomNumbers
internal import SwiftProtobuf
internal import Training
internal import Wire

/// What a worker knows of a run.
struct KnownRun {
  let plan: PlannedRun
  let optimizer: OptimizerSettings
  /// The position of the method in the welcome.
  let method: Int
  /// The order of the epoch that was asked for last.
  private var order: (epoch: Int, items: [Int])?
  let blocks: [[Int]]

  /// - Throws: `WorkerError` when the plan cannot be one.
  init(_ message: Tenbin_RunPlan) throws(WorkerError) {
    guard let key = RandomKey(bytes: message.key), message.batch > 0, message.microBatch > 0 else {
      throw WorkerError(.failure, "the plan of run \(message.identifier) cannot be read")
    }
    method = Int(message.method)
    plan = PlannedRun(
      identifier: RunIdentifier(message.identifier), arm: method,
      // What the run is for does not concern those who compute it.
      purpose: .given, members: message.members.map(Int.init), evaluated: message.evaluated.map(Int.init), key: key,
      settings: MethodSettings(rate: message.rate, epochs: Int(message.epochs)), batch: Int(message.batch),
      microbatch: Int(message.microBatch))
    optimizer = OptimizerSettings(
      weightDecay: message.weightDecay, warmup: message.warmup, clip: message.clip > 0 ? message.clip : nil)
    blocks = plan.evaluationBlocks
  }

  /// The micro-batches of a step, and what dropout draws from in its epoch.
  ///
  /// - Throws: `WorkerError` when the run has no such step.
  mutating func step(_ step: Int) throws(WorkerError) -> (microBatches: [[Int]], dropout: RandomKey) {
    guard step >= 0, step < plan.steps else {
      throw WorkerError(.failure, "\(plan.identifier) has \(plan.steps) steps, but step \(step) was lent")
    }
    let epoch = step / plan.stepsPerEpoch
    if order?.epoch != epoch { order = (epoch, plan.order(epoch: epoch)) }
    return (
      plan.microBatches(step: step % plan.stepsPerEpoch, order: order?.items ?? []), plan.dropoutKey(epoch: epoch)
    )
  }
}

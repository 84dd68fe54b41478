internal import Optimization
internal import Planning
internal import Support
internal import SwiftProtobuf
internal import Transport

/// What a worker knows of a run.
struct KnownRun {
  let plan: PlannedRun
  let optimizer: OptimizerSettings
  /// The position of the method in the welcome.
  let method: Int
  /// The order of the epoch, and the micro-batches of the step, that were asked for last.
  private var order: (epoch: Int, items: [Int])?
  private var cut: (step: Int, microBatches: [[Int]])?
  let blocks: [[Int]]

  /// - Parameter lengths: those of all items.
  /// - Throws: `WorkerError` when the plan cannot be one.
  init(_ message: Tenbin_RunPlan, lengths: [Int]) throws(WorkerError) {
    guard let plan = PlannedRun(message, lengths: lengths) else {
      throw WorkerError(.failure, "the plan of run \(message.identifier) cannot be read")
    }
    self.plan = plan
    method = Int(message.method)
    optimizer = message.optimizer
    blocks = plan.evaluationBlocks
  }

  /// The micro-batches of a step, and what dropout and mirroring are drawn from in its epoch.
  ///
  /// - Throws: `WorkerError` when the run has no such step.
  mutating func step(_ step: Int) throws(WorkerError) -> (microBatches: [[Int]], draws: RandomKey) {
    guard step >= 0, step < plan.steps else {
      throw WorkerError(.failure, "\(plan.identifier) has \(plan.steps) steps, but step \(step) was lent")
    }
    let epoch = step / plan.stepsPerEpoch
    if order?.epoch != epoch { order = (epoch, plan.order(epoch: epoch)) }
    let microBatches =
      if let cut, cut.step == step {
        cut.microBatches
      } else {
        plan.microBatches(step: step % plan.stepsPerEpoch, order: order?.items ?? [])
      }
    cut = (step, microBatches)
    return (microBatches, plan.drawsKey(epoch: epoch))
  }
}

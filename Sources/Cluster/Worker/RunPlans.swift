internal import Planning
internal import Support
internal import SwiftProtobuf
internal import Transport

/// What a worker knows of a run.
struct KnownRun {
  /// What people call it.
  let identifier: String
  let schedule: RunSchedule
  let optimizer: OptimizerSettings
  /// The position of the method in the welcome.
  let method: Int
  /// The order of the epoch, and the micro-batches of the step, that were asked for last.
  private var order: (epoch: Int, items: [Int])?
  private var cut: (step: Int, microBatches: [[Int]])?
  let blocks: [[Int]]

  /// - Parameter lengths: those of all items.
  /// - Throws: `WorkerError` when the message is no schedule.
  init(_ message: Tenbin_RunSchedule, lengths: [Int]) throws(WorkerError) {
    guard let schedule = RunSchedule(message, lengths: lengths) else {
      throw WorkerError(.failure, "the schedule of run \(message.identifier) cannot be read")
    }
    identifier = message.identifier
    self.schedule = schedule
    method = Int(message.method)
    optimizer = message.optimizer
    blocks = schedule.evaluationBlocks
  }

  /// The micro-batches of a step, and what dropout and mirroring are drawn from in its epoch.
  ///
  /// - Throws: `WorkerError` when the run has no such step.
  mutating func step(_ step: Int) throws(WorkerError) -> (microBatches: [[Int]], draws: RandomKey) {
    guard step >= 0, step < schedule.steps else {
      throw WorkerError(.failure, "\(identifier) has \(schedule.steps) steps, but step \(step) was lent")
    }
    let epoch = step / schedule.stepsPerEpoch
    if order?.epoch != epoch { order = (epoch, schedule.order(epoch: epoch)) }
    let microBatches =
      if let cut, cut.step == step {
        cut.microBatches
      } else {
        schedule.microBatches(step: step % schedule.stepsPerEpoch, order: order?.items ?? [])
      }
    cut = (step, microBatches)
    return (microBatches, schedule.drawsKey(epoch: epoch))
  }
}

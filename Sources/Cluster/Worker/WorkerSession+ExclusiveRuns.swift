internal import Foundation
internal import Optimization
internal import Planning
internal import Scheduler
internal import Support
internal import SwiftProtobuf
internal import Transport

// Lent runs.
extension WorkerSession {
  func begin(_ lease: WorkerLease, grant: Tenbin_LeaseGrant, run: KnownRun) throws {
    queue.begin(lease)
    let training = grant.training
    let floats: FloatBuffer?
    if grant.hasParameters {
      floats = sharedState(grant.parameters)
    } else {
      floats = states.removeValue(forKey: lease.run)?.floats
    }
    let part = training.state
    guard let floats,
      let state = TrainingState(
        step: Int(part.step), epoch: .init(sum: part.epochLossSum, samples: Int(clamping: part.epochSamples)),
        losses: part.losses, floats: floats, isFresh: training.isFresh)
    else { return endStale(lease.identifier) }
    exclusiveRuns.append(
      ExclusiveRun(
        lease: lease.identifier, run: lease.run, end: Int(training.endStep),
        training: TrainingRun(schedule: run.schedule, training: run.optimizer, state: state),
        interval: .milliseconds(Int(training.millisecondsBetweenStates))))
  }

  /// Does one step of each lent run that lacks nothing; delivers when it is time to.
  func goOn(with computation: any MicroBatchComputation) throws {
    let clock = LeaseClock()
    var steps: [ExclusiveStep] = []
    for (index, lent) in exclusiveRuns.enumerated() where !lent.isDone && !queue.isRecalled(lent.lease) {
      guard let run = runs[lent.run] else { continue }
      let (microBatches, draws) = try step(lent.training.step, of: lent.run)
      if lack(computation.lacking(Array(microBatches.joined())), for: lent.lease) {
        steps.append(ExclusiveStep(index: index, run: run, microBatches: microBatches, draws: draws))
      } else if !lent.steps.isEmpty {
        // Nobody knows how long that takes: what was done so far must not be lost meanwhile.
        try deliver(&exclusiveRuns[index], isLast: false)
      }
    }
    if !steps.isEmpty {
      let sums = try gradients(of: steps, with: computation)
      for (step, sum) in zip(steps, sums) {
        unitsDone += UInt64(step.microBatches.count)
        stepsDone += 1
        try exclusiveRuns[step.index].step(gradient: sum)
      }
      for step in steps { exclusiveRuns[step.index].spend(clock, sharedBy: steps.count) }
      endpoint.report(unitsDone: unitsDone, stepsDone: stepsDone)
    }
    for index in exclusiveRuns.indices.reversed() {
      let isLast = exclusiveRuns[index].isDone || queue.isRecalled(exclusiveRuns[index].lease)
      guard isLast || exclusiveRuns[index].mustDeliver else { continue }
      try deliver(&exclusiveRuns[index], isLast: isLast)
      if isLast { end(exclusiveRuns.remove(at: index).lease) }
    }
  }

  /// What is to be computed of one step of a lent run.
  private struct ExclusiveStep {
    let index: Int
    let run: KnownRun
    let microBatches: [[Int]]
    let draws: RandomKey
  }

  /// The gradient of each step over all its micro-batches.
  private func gradients(
    of steps: [ExclusiveStep], with computation: any MicroBatchComputation
  ) throws -> [GradientSum] {
    if steps[0].run.schedule.pack != nil { return try packedGradients(of: steps, with: computation) }
    return try steps.map { step in
      let training = exclusiveRuns[step.index].training
      loaded = [step.run.method: (exclusiveRuns[step.index].run, training.step)]
      try computation.load(training.parameters.floats, method: step.run.method)
      defer { loaded = [:] }
      return try gradient(
        of: step.microBatches, node: 0..<step.microBatches.count, run: step.run, draws: step.draws,
        into: scratch.buffer(count: training.parameters.count), with: computation)
    }
  }

  /// The same for runs of one pack: the micro-batches of one number are computed together.
  private func packedGradients(
    of steps: [ExclusiveStep], with computation: any MicroBatchComputation
  ) throws -> [GradientSum] {
    let method = steps[0].run.method
    var reductions: [GradientReduction] = []
    for step in steps {
      guard let pack = step.run.schedule.pack else { continue }
      let parameters = exclusiveRuns[step.index].training.parameters
      try computation.load(parameters.floats, method: method, pack: pack)
      reductions.append(GradientReduction(total: step.microBatches.count, elements: parameters.count))
    }
    for unit in 0..<(steps.map(\.microBatches.count).max() ?? 0) {
      var (parts, owners): ([PackedMicroBatch], [Int]) = ([], [])
      for (number, step) in steps.enumerated() where unit < step.microBatches.count {
        guard let pack = step.run.schedule.pack else { continue }
        owners.append(number)
        parts.append(
          PackedMicroBatch(pack: pack, items: step.microBatches[unit], draws: step.draws))
      }
      let sums = try computation.lossSums(method: method, places: steps[0].run.schedule.microBatch, parts)
      for (number, (part, sum)) in zip(owners, zip(parts, sums)) {
        try reductions[number].insert(
          GradientSum(
            range: unit..<unit + 1, gradient: sum.gradient, lossSum: sum.loss, samples: part.items.count))
      }
    }
    return try reductions.map { reduction in
      guard let root = reduction.root else {
        throw WorkerError(.failure, "the gradients of a step do not add up to one node")
      }
      return root
    }
  }

  private func deliver(_ lent: inout ExclusiveRun, isLast: Bool) throws {
    let state = lent.training.state
    let count = state.parameters.count
    let buffer = try outgoing.buffer(count: 3 * count, lease: lent.lease)
    for (index, part) in state.buffers.enumerated() { buffer.floats.copy(from: part, to: index * count) }
    let (first, steps) = (lent.firstUndelivered, lent.steps)
    deliver([Part(state: state, buffer: buffer)], lease: lent.lease, spent: lent.spent) { delivery in
      delivery.firstStep = UInt32(first)
      delivery.isLast = isLast
      delivery.steps = steps.map { step in
        .with {
          $0.samples = UInt64(step.samples)
          $0.lossSum = step.lossSum
          $0.gradient = Data(step.gradient.bytes)
          $0.parameters = Data(step.parameters.bytes)
          $0.isDivergent = step.isDivergent
        }
      }
    }
    lent.delivered()
  }
}

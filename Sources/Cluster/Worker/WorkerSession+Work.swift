internal import Foundation
internal import Optimization
internal import Planning
internal import Scheduler
internal import Support
internal import SwiftProtobuf
internal import Transport

// Leases into deliveries.
extension WorkerSession {
  /// Computes a lease of units, or begins an exclusive run.
  func work(on lease: WorkerLease, with computation: any MicroBatchComputation) throws {
    guard let grant = grants[lease.identifier], let run = runs[lease.run] else { return }
    if lease.work == .training { return try begin(lease, grant: grant, run: run) }
    guard hasContents(missing: computation.missing(try items(of: lease, run: run)), for: lease.identifier) else {
      return
    }
    let clock = LeaseClock()
    guard try load(lease, grant: grant, run: run, with: computation) else { return endStale(lease) }
    var parts: [Part] = []
    switch lease.work {
    case .microBatches(let units):
      let (microBatches, draws) = try self.step(lease.version, of: lease.run)
      guard units.upperBound <= microBatches.count else {
        throw WorkerError(.failure, "lease \(lease.identifier) names micro-batches \(units) of \(microBatches.count)")
      }
      for node in CanonicalTree.nodes(covering: units, total: microBatches.count) {
        let count = try computation.parameterCount(method: run.method)
        let isSliced = !grant.slices.isEmpty
        let buffer =
          isSliced
          ? OutgoingBuffers.Buffer(floats: FloatBuffer(repeating: 0, count: count), file: nil)
          : try outgoing.buffer(count: count, lease: lease.identifier)
        let sum = try gradient(
          of: microBatches, node: node, run: run, draws: draws, into: buffer.floats, with: computation)
        if isSliced {
          exchange.send(sum, lease: lease, to: grant.slices)
          parts.append(Part(sliced: sum))
        } else {
          parts.append(Part(gradient: sum, file: buffer))
        }
      }
      unitsDone += UInt64(units.count)
    case .blocks(let blocks):
      guard blocks.upperBound <= run.blocks.count else {
        throw WorkerError(.failure, "lease \(lease.identifier) names blocks \(blocks) of \(run.blocks.count)")
      }
      let logits = try blocks.flatMap { block in
        try computation.evaluate(method: run.method, items: run.blocks[block], run.question(ofBlock: block))
      }
      parts.append(Part(logits: logits))
      unitsDone += UInt64(blocks.count)
    case .training: break
    }
    end(lease.identifier)
    deliver(parts, lease: lease.identifier, spent: clock.spent) { $0.isLast = true }
  }

  /// The sum of the gradients of a node of the step's canonical tree, in `result`.
  func gradient(
    of microBatches: [[Int]], node: Range<Int>, run: KnownRun, draws: RandomKey, into result: FloatBuffer,
    with computation: any MicroBatchComputation
  ) throws -> GradientSum {
    var reduction = GradientReduction(total: node.count, elements: result.count)
    for unit in node {
      // All other leaves are added to the buffer of the left-most leaf.
      let buffer = unit == node.lowerBound ? result : scratch.buffer(count: result.count)
      // A node of the canonical tree is itself a canonical tree: its leaves may be counted from 0.
      let leaf = unit - node.lowerBound
      let items = microBatches[unit]
      let loss: Double
      if let pack = run.schedule.pack {
        // Computed alone, it must have the same bits as together with the rest of its pack.
        let part = PackedMicroBatch(pack: pack, items: items, draws: draws)
        let sums = try computation.lossSums(method: run.method, slotSize: run.schedule.microBatch, [part])
        guard let sum = sums.first else {
          throw WorkerError(.failure, "a micro-batch of \(run.identifier) is empty")
        }
        loss = sum.loss
        buffer.copy(from: sum.gradient)
      } else {
        loss = try computation.lossSum(method: run.method, items: items, draws: draws, gradient: buffer)
      }
      try reduction.insert(
        GradientSum(range: leaf..<leaf + 1, gradient: buffer, lossSum: loss, samples: items.count))
    }
    guard var root = reduction.root else {
      throw WorkerError(.failure, "the gradients of micro-batches \(node) do not add up to one node")
    }
    root.range = node
    if root.gradient !== result { result.copy(from: root.gradient) }
    return root
  }

  func step(_ step: Int, of run: Int) throws -> (microBatches: [[Int]], draws: RandomKey) {
    guard var known = runs[run] else { throw WorkerError(.failure, "the schedule of run \(run) is missing") }
    defer { runs[run] = known }
    return try known.step(step)
  }

  /// Loads the lease's parameters into the model; false if they no longer exist.
  private func load(
    _ lease: WorkerLease, grant: Tenbin_LeaseGrant, run: KnownRun, with computation: any MicroBatchComputation
  ) throws -> Bool {
    var pack: RunSchedule.Pack?
    if case .microBatches = lease.work { pack = run.schedule.pack }
    if pack == nil, let loaded = loaded[run.method], loaded == (lease.run, lease.version) { return true }
    loaded[run.method] = nil
    func load(_ values: UnsafeBufferPointer<Float>) throws {
      if let pack {
        try computation.load(values, method: run.method, pack: pack)
      } else {
        try computation.load(values, method: run.method)
      }
    }
    let count = try computation.parameterCount(method: run.method)
    if grant.hasParameters {
      guard
        let shared = shared(grant.parameters, count: count),
        try shared.read(version: lease.version, { try load($0) }) != nil
      else { return false }
    } else {
      guard let known = parameters[lease.run], known.version == lease.version else { return false }
      try load(known.floats.floats)
    }
    guard pack == nil else { return true }
    // Only one arm's model is in memory at a time.
    loaded = [run.method: (lease.run, lease.version)]
    return true
  }

  private func endStale(_ lease: WorkerLease) { endStale(lease.identifier) }

  /// - Parameter reducer: the address of the reducer that the lease needs and that cannot be reached.
  func endStale(_ lease: Int, unreachable reducer: String? = nil) {
    end(lease)
    endpoint.send(
      .stale(
        .with {
          $0.lease = UInt64(lease)
          $0.unreachableReducer = reducer ?? ""
        }))
  }

  func end(_ lease: Int) {
    queue.finish(lease: lease)
    grants[lease] = nil
    releaseContents(of: lease)
  }
}

// Exclusive runs: assigned whole to this worker.
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

  /// Does one step of each exclusive run whose contents are here, and delivers states that are due.
  func stepExclusiveRuns(with computation: any MicroBatchComputation) throws {
    let clock = LeaseClock()
    var steps: [ExclusiveStep] = []
    for (index, exclusive) in exclusiveRuns.enumerated() where !exclusive.isDone && !queue.isRecalled(exclusive.lease) {
      guard let run = runs[exclusive.run] else { continue }
      let (microBatches, draws) = try step(exclusive.training.step, of: exclusive.run)
      if hasContents(missing: computation.missing(Array(microBatches.joined())), for: exclusive.lease) {
        steps.append(ExclusiveStep(index: index, run: run, microBatches: microBatches, draws: draws))
      } else if !exclusive.steps.isEmpty {
        // The contents may take long to come; what was done so far must not be lost meanwhile.
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

  /// The part of one step of an exclusive run that must be computed.
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

  /// The same for the runs of one pack: micro-batches with the same number are computed together.
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
      let sums = try computation.lossSums(method: method, slotSize: steps[0].run.schedule.microBatch, parts)
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

  private func deliver(_ exclusive: inout ExclusiveRun, isLast: Bool) throws {
    let state = exclusive.training.state
    let count = state.parameters.count
    let buffer = try outgoing.buffer(count: 3 * count, lease: exclusive.lease)
    for (index, part) in state.buffers.enumerated() { buffer.floats.copy(from: part, to: index * count) }
    let (first, steps) = (exclusive.firstUndelivered, exclusive.steps)
    deliver([Part(state: state, buffer: buffer)], lease: exclusive.lease, spent: exclusive.spent) { delivery in
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
    exclusive.delivered()
  }
}

/// A part of a delivery, with its numbers unless they are in shared memory.
struct Part {
  var message = Tenbin_Part()
  var floats: FloatBuffer?

  init(gradient: GradientSum, file: OutgoingBuffers.Buffer) {
    self.init(sliced: gradient)
    place(file)
  }

  /// A gradient whose numbers were sent to reducers.
  init(sliced gradient: GradientSum) {
    message.gradient = .with {
      $0.firstUnit = UInt32(gradient.range.lowerBound)
      $0.endUnit = UInt32(gradient.range.upperBound)
      $0.lossSum = gradient.lossSum
      $0.samples = UInt64(gradient.samples)
    }
  }

  init(logits: [Float]) {
    message.logits = Tenbin_LogitsPart()
    floats = FloatBuffer(logits)
  }

  init(state: TrainingState, buffer: OutgoingBuffers.Buffer) {
    message.state = .with {
      $0.step = UInt32(state.step)
      $0.epochLossSum = state.epoch.sum
      $0.epochSamples = UInt64(state.epoch.samples)
      $0.losses = state.losses
    }
    place(buffer)
  }

  private mutating func place(_ buffer: OutgoingBuffers.Buffer) {
    if let file = buffer.file {
      message.shared = .with {
        $0.name = file.name
        $0.bytes = UInt64(file.bytes)
      }
    } else {
      floats = buffer.floats
    }
  }
}

extension WorkerSession {
  func deliver(
    _ parts: [Part], lease: Int, spent: LeaseClock.Spent, _ complete: (inout Tenbin_Delivery) -> Void
  ) {
    var delivery = Tenbin_Delivery()
    delivery.lease = UInt64(lease)
    for var part in parts {
      if let floats = part.floats {
        let subject = Tenbin_DeliverySubject.with { $0.lease = UInt64(lease) }
        part.message.transfer = nextTransfer
        endpoint.send(
          Transfer(subject: .delivery(subject), payload: Array(UnsafeRawBufferPointer(floats.floats))),
          identifier: nextTransfer)
        nextTransfer += 1
      }
      delivery.parts.append(part.message)
    }
    delivery.workerSeconds = spent.seconds
    delivery.processorSeconds = spent.processorSeconds
    delivery.peakResidentBytes = ProcessMemory.peakResidentBytes
    complete(&delivery)
    endpoint.send(.delivery(delivery))
    endpoint.report(unitsDone: unitsDone, stepsDone: stepsDone)
  }
}

/// Measures the cost of a lease from its creation on.
struct LeaseClock {
  private let began = ContinuousClock.now
  private let processorBefore = ProcessMemory.processorSeconds

  struct Spent {
    var seconds = 0.0
    var processorSeconds = 0.0
  }

  var spent: Spent {
    Spent(
      seconds: (ContinuousClock.now - began) / .seconds(1),
      processorSeconds: ProcessMemory.processorSeconds - processorBefore)
  }
}

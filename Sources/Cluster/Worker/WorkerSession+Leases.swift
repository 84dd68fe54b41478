internal import Foundation
internal import Optimization
internal import Planning
internal import Scheduler
internal import Support
internal import SwiftProtobuf
internal import Transport

// Leases into deliveries.
extension WorkerSession {
  /// Computes a lease of units, or begins a lent run.
  func work(on lease: WorkerLease, with computation: any MicroBatchComputation) throws {
    guard let grant = grants[lease.identifier], let run = runs[lease.run] else { return }
    if lease.work == .training { return try begin(lease, grant: grant, run: run) }
    guard lack(computation.lacking(try items(of: lease, run: run)), for: lease.identifier) else { return }
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
      let logits = try run.blocks[blocks].flatMap {
        try computation.evaluate(method: run.method, items: $0, run.schedule.question)
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
      // The left-most leaf's buffer is the one that all others are added to.
      let buffer = unit == node.lowerBound ? result : scratch.buffer(count: result.count)
      // A node of the canonical tree is itself a canonical tree: its leaves may be counted from 0.
      let leaf = unit - node.lowerBound
      let items = microBatches[unit]
      let loss: Double
      if let pack = run.schedule.pack {
        // Alone in its pack, it must come to the bits that it has among the others.
        let part = PackedMicroBatch(pack: pack, items: items, draws: draws)
        let sums = try computation.lossSums(method: run.method, places: run.schedule.microBatch, [part])
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

  /// Brings the lease's parameters into the model; false when they are gone.
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
    // One arm's model is there at a time.
    loaded = [run.method: (lease.run, lease.version)]
    return true
  }

  private func endStale(_ lease: WorkerLease) { endStale(lease.identifier) }

  /// - Parameter reducer: the address of the reducer without which it cannot be done.
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

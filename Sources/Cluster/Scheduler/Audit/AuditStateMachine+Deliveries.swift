internal import Optimization
internal import Planning
internal import Support

/// Why an audit cannot go on.
package enum AuditFailure: Error, Equatable, Sendable, CustomStringConvertible {
  case notFinite(run: String)
  case replayDiffers(run: String, step: Int, worker: String)

  package var description: String {
    switch self {
    case .notFinite(let run): "\(run): its logits are not finite; lower the learning rate or set training.clip"
    case .replayDiffers(let run, let step, let worker):
      "\(run), step \(step): \(worker) came to other bits than was committed before; one of the machines computes wrong"
    }
  }
}

// What workers deliver.
extension AuditStateMachine {
  /// Takes the results of some units: counts them once, and goes on with their run.
  package mutating func deliver(
    lease identifier: Int, from member: Member, _ delivered: DeliveredUnits, at now: Duration
  ) throws -> [Action] {
    guard let lease = cluster.lease(identifier), lease.member == member, let round = lease.round else { return [] }
    guard fits(delivered, lease: lease) else {
      return try refuse(member, because: "its delivery of lease \(identifier) does not fit the lease", at: now)
    }
    waiting[identifier] = delivered
    var actions = try perform(
      cluster.deliver(
        lease: identifier, from: member, needsConfirmation: !delivered.isFinite, digest: { delivered.digest }, at: now),
      at: now)
    if case .step = round.kind, let state = keepState(run: round.run, at: now) { actions.append(state) }
    return actions
  }

  /// Takes the steps of a run that was lent whole.
  package mutating func deliver(
    lease identifier: Int, from member: Member, _ delivered: DeliveredSteps, at now: Duration
  ) throws -> [Action] {
    guard let held = cluster.lease(identifier), held.member == member else { return [] }
    guard fits(delivered, run: held.run) else {
      return try refuse(member, because: "its delivery of lease \(identifier) does not fit the run", at: now)
    }
    guard
      let (lease, counts) = cluster.deliver(
        training: identifier, from: member, steps: delivered.steps.count, isLast: delivered.isLast, at: now)
    else { return [] }
    var actions = try take(delivered, of: lease, counts: counts, at: now)
    actions += try perform(cluster.reconsider(at: now), at: now)
    return actions + (try perform(cluster.repeatedRecall(of: lease), at: now))
  }

  /// A worker cannot do a lease, or need not any more.
  package mutating func giveBack(lease: Int, from member: Member, at now: Duration) throws -> [Action] {
    try perform(cluster.giveBack(lease: lease, from: member, at: now), at: now)
  }

  /// Puts a member aside that sends what no honest worker sends.
  package mutating func refuse(_ member: Member, because reason: String, at now: Duration) throws -> [Action] {
    [.dismissed(member, .refused, reason: reason)] + (try perform(cluster.leave(member, at: now), at: now))
  }

  private func fits(_ delivered: DeliveredUnits, lease: Lease) -> Bool {
    guard let units = lease.units, let round = lease.round else { return false }
    guard let training = open[lease.run]?.training else { return true }
    switch (delivered, round.kind) {
    case (.logits(let logits), .evaluation):
      return logits.count == work.runs[lease.run].outputCount(inBlocks: units)
    case (.gradients(let nodes, let receipt), .step(let step)):
      guard step == training.step, (receipt == nil) == (training.slices == nil) else { return false }
      let expected = CanonicalTree.nodes(covering: units, total: training.microBatches.count)
      return nodes.count == expected.count
        && zip(nodes, expected).allSatisfy { node, range in
          node.range == range && node.samples == training.microBatches[range].reduce(0) { $0 + $1.count }
            && node.gradient.count == training.parameters.count
        }
    default: return false
    }
  }

  private func fits(_ delivered: DeliveredSteps, run: Int) -> Bool {
    guard let training = open[run]?.training else { return true }
    let end = delivered.first + delivered.steps.count
    let finite = delivered.steps.last?.isDivergent == true ? end - 1 : end
    guard delivered.first >= 0, end <= training.schedule.steps,
      !delivered.steps.dropLast().contains(where: \.isDivergent),
      delivered.steps.enumerated().allSatisfy({ $1.samples == training.schedule.samples(step: delivered.first + $0) })
    else { return false }
    // A run that diverges is given back, for somebody else to say so too.
    if delivered.steps.last?.isDivergent == true, !delivered.isLast { return false }
    guard let state = delivered.state else { return delivered.steps.isEmpty }
    let count = training.parameterCount
    return state.step == finite && state.parameters.count == count && state.divergedAt == nil
      && (state.moments.map { $0.first.count == count && $0.second.count == count } ?? (finite == 0))
      && state.losses.count == finite / max(1, training.schedule.stepsPerEpoch)
      && state.parameters.isFinite
  }

  mutating func count(_ lease: Lease) throws -> [Action] {
    guard let delivered = waiting.removeValue(forKey: lease.identifier), let units = lease.units else { return [] }
    switch delivered {
    case .gradients(let nodes, _):
      guard case .step(open[lease.run]?.training.step)? = lease.round?.kind else { return [] }
      open[lease.run]?.deliveries.append(.init(units: units, member: lease.member, lease: lease.identifier))
      return try add(nodes, of: lease)
    case .logits(let logits):
      try keep(logits, run: lease.run, units: units)
      return []
    }
  }

  private mutating func add(_ nodes: consuming [GradientSum], of lease: Lease) throws -> [Action] {
    let (run, place) = (lease.run, open[lease.run]?.place)
    let finished = try open[run]?.training.insert(nodes, lease: lease.identifier, in: work.loop) { place?.willChange() }
    guard let training = open[run]?.training else { return [] }
    if finished?.isDivergent == false { place?.didChange(training.step) }
    guard let finished, !finished.isDivergent else { return [] }
    let step = CommittedStep(
      run: run, step: finished.number, samples: finished.samples, lossSum: finished.lossSum,
      result: finished.digests.map { .digests(gradient: $0.gradient, parameters: $0.parameters) }
        ?? .buffers(gradient: finished.gradient, parameters: training.parameters),
      deliveries: (open[run]?.deliveries ?? []).sorted { $0.units.lowerBound < $1.units.lowerBound })
    open[run]?.deliveries = []
    samplesDone += finished.samples
    stepsDone += 1
    return [.commit(step)]
  }

  private mutating func keep(_ logits: [Float], run: Int, units: Range<Int>) throws {
    guard open[run] != nil else { return }
    let plan = work.runs[run]
    guard logits.allSatisfy(\.isFinite) else { throw AuditFailure.notFinite(run: plan.identifier.description) }
    var offset = 0
    for block in units {
      let length = plan.outputCount(inBlocks: block..<block + 1)
      open[run]?.blocks[block] = Array(logits[offset..<offset + length])
      offset += length
      samplesDone += plan.samples(ofBlock: block)
    }
  }

  /// All units of a round have been counted.
  mutating func complete(_ round: Round, at now: Duration) throws -> [Action] {
    guard let run = open[round.run] else { return [] }
    switch round.kind {
    case .step:
      if let step = run.training.divergedAt {
        return [.notice("\(work.runs[round.run].identifier) diverged at step \(step): its gradient is not finite")]
          + (try finishTraining(run: round.run, at: now))
      }
      if run.training.isTrained { return try finishTraining(run: round.run, at: now) }
      if round.kind == .step(run.training.step) { return try stopLost(run: round.run, at: now) }
      return try advance(run: round.run, at: now)
    case .evaluation where run.training.lacksTrace:
      open[round.run]?.training.trace(run.blocks.flatMap { $0 ?? [] })
      return try atOnce(at: now) { (audit) throws in try audit.train(run: round.run, at: now) }
    case .evaluation:
      let logits = run.blocks.flatMap { $0 ?? [] }
      // A run that diverged stays what it was.
      let missing = run.training.schedule.tracedEpochs - run.training.traces.count
      let done = FinishedRun(
        losses: run.training.losses, logits: logits,
        traces: run.training.traces + Array(repeating: logits, count: max(0, missing)),
        divergedAt: run.training.divergedAt)
      open[round.run] = nil
      trained[round.run] = nil
      completed[round.run] = done
      return [.completed(run: round.run, done)] + (try atOnce(at: now) { (audit) throws in try audit.goOn(at: now) })
    }
  }

  mutating func restart(_ round: Round) {
    switch round.kind {
    case .step:
      open[round.run]?.training.restartStep()
      open[round.run]?.deliveries = []
    case .evaluation:
      let blocks = open[round.run]?.blocks.count ?? 0
      open[round.run]?.blocks = Array(repeating: nil, count: blocks)
    }
  }

  /// The state of a shared run, when it was not kept for some time.
  private mutating func keepState(run: Int, at now: Duration) -> Action? {
    guard let known = open[run], !known.training.isTrained, known.training.step > 0,
      now - known.saved >= AuditWork.interval(elements: known.training.parameterCount),
      let state = known.training.collect()
    else { return nil }
    open[run]?.saved = now
    return .save(run: run, known.training.slices == nil ? state.copy : state)
  }
}

extension AuditWork {
  /// How often the state of a run is kept: every second, and less often where it is so large that the disk could not.
  package static func interval(elements: Int) -> Duration {
    .milliseconds(max(1_000, elements * 12 / 12_500))
  }
}

internal import Foundation
internal import Ledger
internal import Optimization
internal import Planning
internal import Scheduler
internal import Support
internal import SwiftProtobuf
internal import Transport

// Leases are sent to workers with what they need: schedule, parameters or state.
extension CoordinatorLoop {
  func grant(_ lease: Lease) throws {
    guard let worker = workers[lease.worker] else { return }
    try send(lease)
    try settings.ledger.record(
      AttemptRecord(
        lease: lease.identifier, member: worker.identifier.description,
        run: name(ofRun: lease.run), work: lease.leasedWork(of: audit.runs[lease.run])))
  }

  private func send(_ lease: Lease) throws {
    guard let worker = workers[lease.worker], let version = audit.version(of: lease.run) else { return }
    let isSliced = audit.isSliced(lease.run)
    // Where a reducer was lost, the state machine is about to end this lease.
    guard !isSliced || pool.slices(of: lease.run) != nil else { return }
    sendSchedule(of: lease.run, to: worker)
    var grant = Tenbin_LeaseGrant()
    grant.identifier = UInt64(lease.identifier)
    grant.run = UInt32(lease.run)
    grant.version = UInt32(version)
    grant.generation = UInt32(audit.generation(of: lease.run))
    switch lease.work {
    case .training: sendState(for: lease, to: worker, in: &grant)
    case .units(let round, let units):
      let numbered = audit.runs[lease.run].numberedBlocks(units, of: round.kind)
      let range = Tenbin_UnitRange.with {
        $0.first = UInt32(numbered.lowerBound)
        $0.end = UInt32(numbered.upperBound)
      }
      if round.isStep { grant.microBatches = range } else { grant.blocks = range }
      if isSliced {
        grant.slices = pool.message(of: lease.run)
      } else {
        sendParameters(of: lease.run, version: version, to: worker, in: &grant)
      }
      expectResults(of: round, units, from: worker)
    }
    connections.send(.lease(grant), to: worker.peer)
  }

  /// Sends the lease again, as if nothing that belongs to it had been sent before.
  func remind(_ lease: Lease) throws {
    guard let worker = workers[lease.worker] else { return }
    _ = workers.update(worker.peer) { worker in
      worker.versions[lease.run] = nil
      worker.plans.remove(lease.run)
    }
    try send(lease)
  }

  private func sendSchedule(of run: Int, to worker: ConnectedWorker) {
    guard workers.update(worker.peer, { $0.plans.insert(run).inserted }) == true else { return }
    let planned = audit.runs[run]
    let message = Tenbin_RunSchedule(
      planned.schedule, of: planned.identifier, optimizer: audit.optimizer, method: settings.methods[run])
    connections.send(
      Transfer(
        subject: .runSchedule(.with { $0.run = UInt32(run) }), payload: (try? message.serializedBytes()) ?? []),
      to: worker.peer)
  }

  private func sendParameters(
    of run: Int, version: Int, to worker: ConnectedWorker, in grant: inout Tenbin_LeaseGrant
  ) {
    guard let values = audit.parameters(of: run) else { return }
    let isNew = worker.versions[run] != version
    _ = workers.update(worker.peer) { $0.versions[run] = version }
    if worker.sharesMemory, let file = parameters.file(run: run, version: version, parameters: values) {
      grant.parameters = file.message
      if isNew { sharedTraffic.sent += file.bytes }
      return
    }
    guard isNew else { return }
    if payloads[run]?.version != version {
      payloads[run] = (version, Array(UnsafeRawBufferPointer(values.floats)))
    }
    let subject = Tenbin_ParametersSubject.with {
      $0.run = UInt32(run)
      $0.version = UInt32(version)
      $0.generation = grant.generation
    }
    connections.send(Transfer(subject: .parameters(subject), payload: payloads[run]?.bytes ?? []), to: worker.peer)
  }

  /// Sends the state that an exclusive run starts from.
  private func sendState(for lease: Lease, to worker: ConnectedWorker, in grant: inout Tenbin_LeaseGrant) {
    guard let state = audit.state(of: lease.run) else { return }
    let isFresh = state.step == 0
    grant.training = .with {
      $0.endStep = UInt32(lease.end ?? audit.runs[lease.run].schedule.steps)
      $0.millisecondsBetweenStates = UInt32(
        clamping: Int(AuditStateMachine.saveInterval(elements: state.parameters.count) / .milliseconds(1)))
      $0.isFresh = isFresh
      $0.state = .with {
        $0.step = UInt32(state.step)
        $0.epochLossSum = state.epoch.sum
        $0.epochSamples = UInt64(state.epoch.samples)
        $0.losses = state.losses
      }
    }
    var sent = state
    if isFresh { sent.moments = nil }
    if worker.sharesMemory, let file = parameters.file(of: sent) {
      stateFiles[lease.identifier] = (worker.identifier, file)
      grant.parameters = file.message
      sharedTraffic.sent += file.bytes
    } else {
      let subject = Tenbin_StateSubject.with {
        $0.run = UInt32(lease.run)
        $0.step = UInt32(state.step)
        $0.generation = UInt32(audit.generation(of: lease.run))
      }
      connections.send(
        Transfer(subject: .state(subject), payload: sent.buffers.flatMap { UnsafeRawBufferPointer($0.floats) }),
        to: worker.peer)
    }
    if !worker.sharesMemory { connections.expect(bytes: 12 * state.parameters.count, from: worker.peer) }
  }

  /// Lets the worker send the results of some units.
  private func expectResults(of round: Round, _ units: Range<Int>, from worker: ConnectedWorker) {
    let run = audit.runs[round.run]
    switch round.kind {
    case .evaluation, .validation:
      connections.expect(bytes: 4 * run.outputCount(inBlocks: units, of: round.kind), from: worker.peer)
    case .step(let step):
      guard !worker.sharesMemory, !audit.isSliced(round.run), let values = audit.parameters(of: round.run) else {
        return
      }
      let nodes = CanonicalTree.nodes(covering: units, total: run.schedule.microBatchCount(step: step)).count
      connections.expect(bytes: 4 * values.count * nodes, from: worker.peer)
    }
  }
}

// Deliveries are read and passed on to the state machine.
extension CoordinatorLoop {
  /// Takes a delivery whose transfers have all come.
  func take(_ whole: DeliveryAssembly.Whole, from peer: Peer) throws {
    guard let worker = workers[peer] else { return }
    let delivery = whole.delivery
    let identifier = Int(clamping: delivery.lease)
    var receipt: GradientReceipt?
    if let lease = audit.lease(identifier), lease.worker == worker.identifier, lease.round?.isStep == true,
      audit.isSliced(lease.run)
    {
      receipt = pool.slices(of: lease.run).flatMap { sliced.receipt(of: delivery, slices: $0) }
      guard receipt != nil else { return sliced.insert(whole, from: peer) }
    }
    // Late deliveries are recorded too, so that the ledger distinguishes duplicates from losses.
    try settings.ledger.recordDelivery(lease: identifier, from: worker.identifier.description)
    guard let lease = audit.lease(identifier), lease.worker == worker.identifier else {
      // The lease has ended, or was never this worker's: nothing of the delivery is used.
      return settle(delivery, of: worker)
    }
    _ = workers.update(peer) { $0.peakResidentBytes = max($0.peakResidentBytes, delivery.peakResidentBytes) }
    stateFiles[identifier] = nil
    let buffers: [FloatBuffer]
    do {
      buffers = try self.buffers(of: whole, worker: worker, isSliced: receipt != nil)
    } catch {
      return try refuse(peer, because: "its delivery of lease \(identifier) cannot be read: \(error)")
    }
    // A delivery that fits its lease counts as the work of an honest worker.
    let acceptance = Acceptance(worker: worker.identifier) { [self] in
      delegate?.delivered(delivery, by: worker)
      try acknowledge(worker)
    }
    switch lease.work {
    case .training:
      guard let steps = DeliveredSteps(delivery, buffers: buffers) else {
        return try refuse(peer, because: "its delivery of lease \(identifier) does not fit a run")
      }
      if !worker.sharesMemory, !steps.isLast, let state = steps.state {
        connections.expect(bytes: 12 * state.parameters.count, from: peer)
      }
      try handle(.steps(steps, lease: identifier, from: worker.identifier), acceptance: acceptance)
    case .units:
      guard let units = DeliveredUnits(delivery, buffers: buffers, receipt: receipt) else {
        return try refuse(peer, because: "its delivery of lease \(identifier) does not fit the lease")
      }
      try handle(.units(units, lease: identifier, from: worker.identifier), acceptance: acceptance)
    }
  }

  private func settle(_ delivery: Tenbin_Delivery, of worker: ConnectedWorker) {
    guard worker.sharesMemory else { return }
    connections.send(.settled(Tenbin_Settled(delivery)), to: worker.peer)
  }

  /// The numbers of each part. The worker may write to its shared memory again when the last of these buffers is released.
  ///
  /// - Parameter isSliced: whether gradients went to reducers.
  private func buffers(of whole: DeliveryAssembly.Whole, worker: ConnectedWorker, isSliced: Bool) throws
    -> [FloatBuffer]
  {
    let (connections, peer, settled) = (connections, worker.peer, Tenbin_Settled(whole.delivery))
    let settlement = DeinitCallback { connections.send(.settled(settled), to: peer) }
    return try whole.delivery.parts.map { part in
      switch part.location {
      case .transfer(let identifier)?:
        guard let floats = whole.transfers[identifier]?.floats else {
          throw DeliveryError(description: "a transfer that is not a whole number of Float32")
        }
        return FloatBuffer(floats)
      case .shared(let buffer)?:
        guard worker.sharesMemory, let folder = parameters.folder, buffer.name.hasPrefix("g-"),
          buffer.bytes % 4 == 0, buffer.bytes < 1 << 40
        else { throw DeliveryError(description: "a shared buffer, but the worker shares no memory") }
        let file: SharedFile
        if let known = worker.files[buffer.name], known.bytes >= Int(buffer.bytes) {
          file = known
        } else {
          file = try SharedFile(opening: buffer.name, bytes: Int(buffer.bytes), in: folder)
          _ = workers.update(peer) { worker in
            if worker.files.count > 32 { worker.files = [:] }
            worker.files[buffer.name] = file
          }
        }
        sharedTraffic.received += Int(buffer.bytes)
        guard
          let floats = file.floats(count: Int(buffer.bytes) / 4, released: { withExtendedLifetime(settlement) {} })
        else { throw DeliveryError(description: "a shared buffer that does not fit its file") }
        return floats
      case nil:
        guard case .gradient? = part.subject, isSliced else {
          throw DeliveryError(description: "a part without numbers")
        }
        return []
      }
    }
  }
}

extension Lease {
  fileprivate func leasedWork(of run: PlannedRun) -> LeasedWork {
    switch work {
    case .training(let step): .training(from: step)
    case .units(let round, let units):
      switch round.kind {
      case .step(let step): .microBatches(step: step, units)
      case .evaluation, .validation: .blocks(run.numberedBlocks(units, of: round.kind))
      }
    }
  }
}

private struct DeliveryError: Error, CustomStringConvertible {
  let description: String
}

extension Tenbin_Settled {
  /// Tells the worker that the shared buffers of a delivery may be used again.
  fileprivate init(_ delivery: Tenbin_Delivery) {
    self.init()
    lease = delivery.lease
    buffers = delivery.parts.compactMap {
      $0.location.flatMap { if case .shared(let buffer) = $0 { buffer.name } else { nil } }
    }
  }
}

extension SharedFile {
  fileprivate var message: Tenbin_SharedBuffer {
    .with {
      $0.name = name
      $0.bytes = UInt64(bytes)
    }
  }
}

extension DeliveredUnits {
  /// nil when the parts do not fit a lease of units.
  fileprivate init?(_ delivery: Tenbin_Delivery, buffers: [FloatBuffer], receipt: GradientReceipt?) {
    var nodes: [GradientSum] = []
    for (part, floats) in zip(delivery.parts, buffers) {
      switch part.subject {
      case .gradient(let gradient)? where gradient.firstUnit < gradient.endUnit:
        nodes.append(
          GradientSum(
            range: Int(gradient.firstUnit)..<Int(gradient.endUnit), gradient: floats, lossSum: gradient.lossSum,
            samples: Int(clamping: gradient.samples)))
      case .logits? where delivery.parts.count == 1:
        self = .logits(Array(floats))
        return
      default: return nil
      }
    }
    self = .gradients(nodes.sorted { $0.range.lowerBound < $1.range.lowerBound }, receipt)
  }
}

extension DeliveredSteps {
  /// nil when the parts do not fit an exclusive run.
  fileprivate init?(_ delivery: Tenbin_Delivery, buffers: [FloatBuffer]) {
    guard delivery.parts.count == 1, buffers.count == 1, case .state(let part)? = delivery.parts[0].subject,
      let state = TrainingState(
        step: Int(part.step), epoch: .init(sum: part.epochLossSum, samples: Int(clamping: part.epochSamples)),
        losses: part.losses, floats: buffers[0])
    else { return nil }
    var steps: [Step] = []
    for step in delivery.steps {
      guard let gradient = TensorDigest(bytes: step.gradient), let parameters = TensorDigest(bytes: step.parameters)
      else { return nil }
      steps.append(
        Step(
          samples: Int(clamping: step.samples), lossSum: step.lossSum, gradient: gradient, parameters: parameters,
          isDivergent: step.isDivergent))
    }
    self.init(first: Int(delivery.firstStep), steps: steps, state: state, isLast: delivery.isLast)
  }
}

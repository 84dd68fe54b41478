internal import Foundation
internal import Ledger
internal import Optimization
internal import Planning
internal import Scheduler
internal import Support
internal import SwiftProtobuf
internal import Transport

// What is lent.
extension RunConductor {
  func grant(_ lease: Lease) throws {
    guard let entry = members[lease.member] else { return }
    try send(lease)
    try settings.ledger.record(
      AttemptRecord(
        lease: lease.identifier, member: entry.member.description,
        run: audit.work.runs[lease.run].identifier.description, work: lease.leasedWork))
  }

  private func send(_ lease: Lease) throws {
    guard let entry = members[lease.member], let version = audit.version(of: lease.run) else { return }
    let plan = audit.work.runs[lease.run]
    sendPlan(of: lease.run, to: entry)
    var grant = Tenbin_LeaseGrant()
    grant.identifier = UInt64(lease.identifier)
    grant.run = UInt32(lease.run)
    grant.version = UInt32(version)
    grant.generation = UInt32(audit.generation(of: lease.run))
    switch lease.work {
    case .training: try lend(lease, plan: plan, to: entry, in: &grant)
    case .units(let round, let units):
      let range = Tenbin_UnitRange.with {
        $0.first = UInt32(units.lowerBound)
        $0.end = UInt32(units.upperBound)
      }
      if case .step = round.kind { grant.microBatches = range } else { grant.blocks = range }
      if let run = audit.slices(of: lease.run) as? SlicedRun {
        grant.slices = run.message
      } else {
        lendParameters(of: lease.run, version: version, to: entry, in: &grant)
      }
      expect(lease, plan: plan, from: entry)
    }
    endpoint.send(.lease(grant), to: entry.peer)
  }

  /// Lends the same again, as if nothing of it had been sent.
  func remind(_ lease: Lease) throws {
    guard let entry = members[lease.member] else { return }
    _ = members.update(entry.peer) { entry in
      entry.versions[lease.run] = nil
      entry.plans.remove(lease.run)
    }
    try send(lease)
  }

  private func sendPlan(of run: Int, to entry: MemberEntry) {
    guard members.update(entry.peer, { $0.plans.insert(run).inserted }) == true else { return }
    let planned = audit.work.runs[run]
    let message = Tenbin_RunSchedule(
      planned.schedule, of: planned.identifier, optimizer: audit.work.optimizer, method: settings.methods[run])
    endpoint.send(
      Transfer(
        subject: .runSchedule(.with { $0.run = UInt32(run) }), payload: (try? message.serializedBytes()) ?? []),
      to: entry.peer)
  }

  private func lendParameters(
    of run: Int, version: Int, to entry: MemberEntry, in grant: inout Tenbin_LeaseGrant
  ) {
    guard let values = audit.parameters(of: run) else { return }
    let isNew = entry.versions[run] != version
    _ = members.update(entry.peer) { $0.versions[run] = version }
    if entry.sharesMemory, let file = parameters.file(run: run, version: version, parameters: values) {
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
    endpoint.send(Transfer(subject: .parameters(subject), payload: payloads[run]?.bytes ?? []), to: entry.peer)
  }

  /// Lends a whole run with its state.
  private func lend(
    _ lease: Lease, plan: PlannedRun, to entry: MemberEntry, in grant: inout Tenbin_LeaseGrant
  ) throws {
    guard let state = audit.state(of: lease.run) else { return }
    let isFresh = state.step == 0
    grant.training = .with {
      $0.endStep = UInt32(lease.end ?? plan.schedule.steps)
      $0.millisecondsBetweenStates = UInt32(
        clamping: Int(AuditWork.interval(elements: state.parameters.count) / .milliseconds(1)))
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
    if entry.sharesMemory, let file = parameters.file(of: sent) {
      stateFiles[lease.identifier] = (entry.member, file)
      grant.parameters = file.message
      sharedTraffic.sent += file.bytes
    } else {
      let subject = Tenbin_StateSubject.with {
        $0.run = UInt32(lease.run)
        $0.step = UInt32(state.step)
        $0.generation = UInt32(audit.generation(of: lease.run))
      }
      endpoint.send(
        Transfer(subject: .state(subject), payload: sent.buffers.flatMap { UnsafeRawBufferPointer($0.floats) }),
        to: entry.peer)
    }
    if !entry.sharesMemory { endpoint.expect(bytes: 12 * state.parameters.count, from: entry.peer) }
  }

  /// Lets the peer send what the lease comes to.
  private func expect(_ lease: Lease, plan: PlannedRun, from entry: MemberEntry) {
    guard case .units(let round, let units) = lease.work else { return }
    switch round.kind {
    case .evaluation:
      endpoint.expect(bytes: 4 * plan.outputCount(inBlocks: units), from: entry.peer)
    case .step(let step):
      guard !entry.sharesMemory, audit.slices(of: lease.run) == nil, let values = audit.parameters(of: lease.run) else {
        return
      }
      let nodes = CanonicalTree.nodes(covering: units, total: plan.schedule.microBatchCount(step: step)).count
      endpoint.expect(bytes: 4 * values.count * nodes, from: entry.peer)
    }
  }
}

// What is delivered.
extension RunConductor {
  /// Takes a delivery that is whole.
  func take(_ whole: DeliveryAssembly.Whole, from peer: Peer) throws {
    guard let entry = members[peer] else { return }
    let delivery = whole.delivery
    let identifier = Int(clamping: delivery.lease)
    var receipt: GradientReceipt?
    if let lease = audit.cluster.lease(identifier), lease.member == entry.member, case .units = lease.work,
      let run = audit.slices(of: lease.run) as? SlicedRun
    {
      receipt = sliced.receipt(of: delivery, slices: run.slices)
      guard receipt != nil else { return sliced.insert(whole, from: peer) }
    }
    // Also what comes too late: the ledger tells duplicates from what was lost.
    try settings.ledger.recordDelivery(lease: identifier, from: entry.member.description)
    guard let lease = audit.cluster.lease(identifier), lease.member == entry.member else {
      // Its lease was taken away, or it is lying; either way nothing of it is used.
      return settle(delivery, of: entry)
    }
    _ = members.update(peer) { $0.peakResidentBytes = max($0.peakResidentBytes, delivery.peakResidentBytes) }
    stateFiles[identifier] = nil
    let buffers: [FloatBuffer]
    do {
      buffers = try self.buffers(of: whole, entry: entry, isSliced: receipt != nil)
    } catch {
      return try refuse(peer, because: "its delivery of lease \(identifier) cannot be read: \(error)")
    }
    // A delivery that fits its lease is taken for the work of an honest worker.
    func accepted() throws {
      delegate?.delivered(delivery, by: entry)
      try acknowledge(entry)
    }
    switch lease.work {
    case .training:
      guard let steps = DeliveredSteps(delivery, buffers: buffers) else {
        return try refuse(peer, because: "its delivery of lease \(identifier) does not fit a run")
      }
      if !entry.sharesMemory, !steps.isLast, let state = steps.state {
        endpoint.expect(bytes: 12 * state.parameters.count, from: peer)
      }
      try deliver(
        from: entry, { try $0.deliver(lease: identifier, from: entry.member, steps, at: $1) }, accepted: accepted)
    case .units:
      guard let units = DeliveredUnits(delivery, buffers: buffers, receipt: receipt) else {
        return try refuse(peer, because: "its delivery of lease \(identifier) does not fit the lease")
      }
      try deliver(
        from: entry, { try $0.deliver(lease: identifier, from: entry.member, units, at: $1) }, accepted: accepted)
    }
  }

  private func settle(_ delivery: Tenbin_Delivery, of entry: MemberEntry) {
    guard entry.sharesMemory else { return }
    endpoint.send(.settled(Tenbin_Settled(delivery)), to: entry.peer)
  }

  /// The numbers of each part. Where they lie in the worker's shared memory, it may write there again when nobody here
  /// holds them any more.
  ///
  /// - Parameter isSliced: gradients went to reducers.
  private func buffers(of whole: DeliveryAssembly.Whole, entry: MemberEntry, isSliced: Bool) throws -> [FloatBuffer] {
    let (endpoint, peer, settled) = (endpoint, entry.peer, Tenbin_Settled(whole.delivery))
    let settlement = LastOwner { endpoint.send(.settled(settled), to: peer) }
    return try whole.delivery.parts.map { part in
      switch part.place {
      case .transfer(let identifier)?:
        guard let floats = whole.transfers[identifier]?.floats else {
          throw DeliveryError(description: "a transfer of no whole number of Float32")
        }
        return FloatBuffer(floats)
      case .shared(let buffer)?:
        guard entry.sharesMemory, let folder = parameters.folder, buffer.name.hasPrefix("g-"),
          buffer.bytes % 4 == 0, buffer.bytes < 1 << 40
        else { throw DeliveryError(description: "a shared buffer of a worker that shares none") }
        let file: SharedFile
        if let known = entry.files[buffer.name], known.bytes >= Int(buffer.bytes) {
          file = known
        } else {
          file = try SharedFile(opening: buffer.name, bytes: Int(buffer.bytes), in: folder)
          _ = members.update(peer) { entry in
            if entry.files.count > 32 { entry.files = [:] }
            entry.files[buffer.name] = file
          }
        }
        sharedTraffic.received += Int(buffer.bytes)
        guard
          let floats = file.floats(count: Int(buffer.bytes) / 4, released: { withExtendedLifetime(settlement) {} })
        else { throw DeliveryError(description: "a shared buffer that does not fit its file") }
        return floats
      case nil:
        guard case .gradient? = part.subject, isSliced else {
          throw DeliveryError(description: "a part without a place")
        }
        return []
      }
    }
  }
}

extension Lease {
  fileprivate var leasedWork: LeasedWork {
    switch work {
    case .training(let step): .training(from: step)
    case .units(let round, let units):
      switch round.kind {
      case .step(let step): .microBatches(step: step, units)
      case .evaluation: .blocks(units)
      }
    }
  }
}

private struct DeliveryError: Error, CustomStringConvertible {
  let description: String
}

extension Tenbin_Settled {
  /// What says that the shared buffers of a delivery may be used again.
  fileprivate init(_ delivery: Tenbin_Delivery) {
    self.init()
    lease = delivery.lease
    buffers = delivery.parts.compactMap {
      $0.place.flatMap { if case .shared(let buffer) = $0 { buffer.name } else { nil } }
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
  /// nil when the parts are none of a lease of units.
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
  /// nil when the parts are none of a lent run.
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

internal import Checkpoints
internal import Cluster
internal import Foundation
internal import Ledger
internal import Optimization
internal import Plan
internal import RandomNumbers
internal import SwiftProtobuf
internal import Wire

/// Runs, leases and deliveries.
extension Coordinator {
  /// Works on one phase until its runs are done, and records what that cost.
  func work(on phase: Phase, number: Int) throws(AuditError) {
    let arm = inputs.specification.arms[phase.arm].name
    var waiting = phase.runs.filter { completed[$0] == nil && (phase.kind != .training || trained[$0] == nil) }
    guard !waiting.isEmpty else { return }
    progress.phase = "\(arm): \(phase.kind.rawValue)"
    progress.phaseNumber = number
    progress.runs = phase.runs.count
    progress.runsDone = phase.runs.count - waiting.count
    meter = CostMeter(arm: arm, phase: phase.kind.rawValue, traffic: endpoint.traffic)
    let samplesBefore = progress.samplesDone
    let phaseBegan = now
    for entry in members.ready { endpoint.send(.phaseBegan(Tenbin_PhaseBegan()), to: entry.peer) }
    while !waiting.isEmpty || !open.isEmpty {
      // A few runs at a time: enough that no worker waits for another's step, no more than memory should hold.
      while !waiting.isEmpty, open.count <= max(2, cluster.memberCount) {
        try start(run: waiting.removeFirst(), in: phase)
      }
      try step()
      let elapsed = (now - phaseBegan) / .seconds(1)
      progress.samplesPerSecond = elapsed > 1 ? Double(progress.samplesDone - samplesBefore) / elapsed : 0
    }
    let traffic = endpoint.traffic
    let cost = meter?.total(traffic: traffic)
    meter = nil
    try AuditError.wrapping(.failure) { if let cost { try output.ledger.add(cost) } }
  }

  private func start(run index: Int, in phase: Phase) throws(AuditError) {
    let run = inputs.plan.runs[index]
    if phase.kind == .evaluation {
      guard let trained = trained[index] ?? given(run) else { return }
      let training = TrainingRun(
        plan: run, training: inputs.specification.training, parameters: trained.parameters, losses: trained.losses)
      open[index] = OpenRun(training: training)
      try evaluate(run: index)
      return
    }
    let initialValues = try AuditError.wrapping(.failure) {
      try inputs.layouts[run.arm].initialValues(from: inputs.checkpoint, key: run.key["initial"])
    }
    open[index] = OpenRun(
      training: TrainingRun(plan: run, training: inputs.specification.training, initialValues: initialValues))
    try openStep(of: index)
  }

  /// The parameters of an adapter that was trained elsewhere.
  private func given(_ run: PlannedRun) -> TrainedRun? {
    inputs.adapters[run.arm].map { TrainedRun(parameters: $0.values, losses: []) }
  }

  private func openStep(of index: Int) throws(AuditError) {
    guard let training = open[index]?.training else { return }
    let units = training.microBatches.count
    let round = Round(run: index, kind: .step(training.step))
    try perform(cluster.open(round, units: units, largestLease: units, at: now))
  }

  private func evaluate(run index: Int) throws(AuditError) {
    guard let run = open[index]?.training.plan else { return }
    open[index]?.isEvaluating = true
    let blocks = run.evaluationBlocks.count
    open[index]?.blocks = Array(repeating: nil, count: blocks)
    try perform(cluster.open(Round(run: index, kind: .evaluation), units: blocks, largestLease: 8, at: now))
  }

  /// Does what the cluster asks for.
  func perform(_ actions: [ClusterStateMachine.Action]) throws(AuditError) {
    for action in actions {
      switch action {
      case .grant(let lease): grant(lease)
      case .completed: break
      case .expelled(let member, let reason):
        if let entry = members[member] {
          members[entry.peer] = nil
          showProgress(notice: "\(entry.name) was given up: \(reason); its work is lent again")
          endpoint.send(
            .refusal(
              .with {
                $0.reason = reason
                $0.mayReturn = true
              }), to: entry.peer)
        }
      }
    }
  }

  private func grant(_ lease: Lease) {
    guard let run = open[lease.round.run], let entry = members[lease.member] else { return }
    leases[lease.identifier] = lease
    let training = run.training
    let version = training.step
    if entry.versions[lease.round.run] != version {
      _ = members.update(entry.peer) { $0.versions[lease.round.run] = version }
      let subject = Tenbin_ParametersSubject.with {
        $0.run = UInt32(lease.round.run)
        $0.version = UInt32(version)
      }
      endpoint.send(Transfer(subject: .parameters(subject), floats: training.parameters), to: entry.peer)
    }
    let isEvaluation = lease.round.kind == .evaluation
    let units = isEvaluation ? training.plan.evaluationBlocks : training.microBatches
    endpoint.send(
      .lease(
        .with {
          $0.identifier = UInt64(lease.identifier)
          $0.run = UInt32(lease.round.run)
          $0.method = UInt32(training.plan.arm)
          $0.version = UInt32(version)
          $0.evaluation = isEvaluation
          $0.firstUnit = UInt32(lease.units.lowerBound)
          $0.totalUnits = UInt32(units.count)
          $0.units = units[lease.units].map { items in .with { $0.items = items.map(UInt32.init) } }
          if !isEvaluation, inputs.methods[training.plan.arm].hasDropout {
            $0.dropoutKey = Data(training.plan.dropoutKey(epoch: training.epoch).bytes)
          }
        }), to: entry.peer)
  }

  /// Takes a delivery that is whole: checks it, counts it once, and goes on with its run.
  func take(_ whole: DeliveryAssembly.Whole, from peer: Peer) throws(AuditError) {
    guard let entry = members[peer] else { return }
    let identifier = Int(clamping: whole.delivery.lease)
    guard let lease = leases[identifier], lease.member == entry.member else {
      return try expel(peer, because: "it delivered lease \(identifier), which it does not hold")
    }
    leases[identifier] = nil
    meter?.count(whole.delivery)
    guard let contents = contents(of: whole, lease: lease) else {
      return try expel(peer, because: "its delivery of lease \(identifier) does not fit the lease")
    }
    let (verdict, actions) = cluster.deliver(lease: identifier, from: entry.member, at: now)
    try perform(actions)
    guard case .counted = verdict else { return }
    deathsWithoutProgress = 0
    failuresWithoutProgress = 0
    try acknowledge(entry)
    try AuditError.wrapping(.failure) {
      switch contents {
      case .gradients(let nodes): try count(nodes, lease: lease)
      case .logits(let logits): try count(logits, lease: lease)
      }
    }
  }

  private enum Contents {
    case gradients([GradientSum])
    case logits([Float])
  }

  /// What a delivery holds; nil when it is not exactly what the lease asked for.
  private func contents(of whole: DeliveryAssembly.Whole, lease: Lease) -> Contents? {
    guard let run = open[lease.round.run] else { return .logits([]) }
    if lease.round.kind == .evaluation {
      let items = run.training.plan.evaluationBlocks[lease.units].reduce(0) { $0 + $1.count }
      guard whole.transfers.count == 1, let transfer = whole.transfers.first, case .logits = transfer.subject,
        let logits = transfer.floats, logits.count == items * inputs.classNames.count
      else { return nil }
      return .logits(logits)
    }
    var nodes: [GradientSum] = []
    for transfer in whole.transfers {
      guard case .gradient(let subject) = transfer.subject, let gradient = transfer.floats,
        subject.firstUnit < subject.endUnit
      else { return nil }
      nodes.append(
        GradientSum(
          range: Int(subject.firstUnit)..<Int(subject.endUnit), gradient: gradient, lossSum: subject.lossSum,
          samples: Int(clamping: subject.samples)))
    }
    nodes.sort { $0.range.lowerBound < $1.range.lowerBound }
    guard case .step(let step) = lease.round.kind, step == run.training.step else { return .gradients([]) }
    let units = run.training.microBatches
    let expected = CanonicalTree.nodes(covering: lease.units, total: units.count)
    let fits = zip(nodes, expected).allSatisfy { node, range in
      node.range == range && node.samples == units[range].reduce(0) { $0 + $1.count }
        && node.gradient.count == inputs.layouts[run.training.plan.arm].count
    }
    return nodes.count == expected.count && fits ? .gradients(nodes) : nil
  }

  private func count(_ nodes: [GradientSum], lease: Lease) throws {
    let index = lease.round.run
    guard
      let record = try open[index]?.training.insert(nodes, units: lease.units, member: lease.member.description)
    else { return }
    try output.ledger.record(record)
    progress.samplesDone += record.samples
    guard let training = open[index]?.training else { return }
    guard training.isTrained else { return try openStep(of: index) }
    switch training.plan.purpose {
    case .task:
      open[index] = nil
      trained[index] = TrainedRun(parameters: training.parameters, losses: training.losses)
      try output.ledger.flush()
      try writeCheckpoint(of: training.plan, parameters: training.parameters)
      progress.runsDone += 1
    case .fleet, .given:
      try evaluate(run: index)
    }
  }

  private func count(_ logits: [Float], lease: Lease) throws {
    let index = lease.round.run
    guard let run = open[index] else { return }
    let classes = inputs.classNames.count
    let blocks = run.training.plan.evaluationBlocks
    guard logits.allSatisfy(\.isFinite) else {
      throw TrainingError.notFinite(run: run.training.plan.identifier.description)
    }
    var offset = 0
    for block in lease.units {
      let length = blocks[block].count * classes
      open[index]?.blocks[block] = Array(logits[offset..<offset + length])
      offset += length
      progress.samplesDone += blocks[block].count / 3
    }
    guard let all = open[index]?.blocks, all.allSatisfy({ $0 != nil }) else { return }
    let done = CompletedRun(
      run: run.training.plan.identifier.description, losses: run.training.losses,
      logits: all.flatMap { $0 ?? [] })
    try output.ledger.record(done)
    completed[index] = done
    trained[index] = nil
    open[index] = nil
    progress.runsDone += 1
  }
}

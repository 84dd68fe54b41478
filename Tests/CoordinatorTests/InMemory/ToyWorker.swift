import Foundation
import Optimization
import Planning
import Scheduler
import Support
import SwiftProtobuf
import Transport

/// A worker in memory: it does at once what it is assigned, unless it is told to hold its leases.
final class ToyWorker {
  let peer: Peer
  let name: String
  private let coordinator: InMemoryConnections
  private unowned let audit: TestAudit
  private var nextTransfer: UInt64 = 1
  private var schedules: [Int: Tenbin_RunSchedule] = [:]
  private var parameters: [Int: (version: Int, numbers: [Float])] = [:]
  private var states: [Int: (step: Int, numbers: [Float])] = [:]
  /// Parameters in slices, by their run, until all pieces have come.
  private var pieces: [UInt64: [Float]] = [:]
  private var connected: Set<String> = []
  private(set) var leases: [Tenbin_LeaseGrant] = []
  /// Leases that were sent more than once.
  private(set) var reminders = 0
  private(set) var delivered: [Tenbin_LeaseGrant] = []
  private(set) var received: [Tenbin_CoordinatorMessage.OneOf_Body] = []
  /// Whether it keeps its leases without doing them.
  var holdsLeases = false
  /// Whether its gradients are wrong in one bit.
  var isWrong = false
  /// Whether it is heard.
  var isSilent = false
  /// The most steps that it delivers of a run that it was assigned whole.
  var stepsOfRun = Int.max

  init(name: String, in audit: TestAudit) {
    self.name = name
    self.audit = audit
    coordinator = audit.connections
    peer = Peer(routingIdentifier: Array(name.utf8))
  }

  var refusal: Tenbin_Refusal? {
    received.lazy.compactMap { if case .refusal(let refusal) = $0 { refusal } else { nil } }.first
  }

  var goodbye: Tenbin_Goodbye? {
    received.lazy.compactMap { if case .goodbye(let goodbye) = $0 { goodbye } else { nil } }.first
  }

  func hello(processor: String = "toy") {
    coordinator.receive(
      .hello(
        .with {
          $0.name = name
          $0.process = 7
          $0.host = "memory"
          $0.fingerprint.processor = processor
        }), from: peer)
  }

  /// Takes part: says hello, connects its bulk socket, and is prepared.
  func join() {
    hello()
    coordinator.receive(.ready(peer, sharesMemory: false))
    coordinator.receive(.prepared(Tenbin_Prepared()), from: peer)
  }

  /// Takes what was sent to it, and does what it can.
  func work() throws {
    for sent in coordinator.takeSent(to: peer) {
      switch sent {
      case .message(.lease(let lease)):
        if leases.contains(where: { $0.identifier == lease.identifier }) {
          reminders += 1
        } else {
          leases.append(lease)
        }
      case .message(let body): received.append(body)
      case .transfer(let transfer): try take(transfer)
      }
    }
    for server in audit.reducerServers.values {
      for case .transfer(let transfer) in server.takeSent(to: peer) { try take(transfer) }
    }
    guard !isSilent else { return }
    coordinator.receive(.heartbeat(Tenbin_Heartbeat()), from: peer)
    guard !holdsLeases else { return }
    for lease in leases where try perform(lease) {
      leases.removeAll { $0.identifier == lease.identifier }
      delivered.append(lease)
    }
  }

  private func take(_ transfer: Transfer) throws {
    switch transfer.subject {
    case .runSchedule(let subject):
      schedules[Int(subject.run)] = try Tenbin_RunSchedule(serializedBytes: transfer.payload)
    case .parameters(let subject):
      parameters[Int(subject.run)] = (Int(subject.version), transfer.floats ?? [])
    case .state(let subject): states[Int(subject.run)] = (Int(subject.step), transfer.floats ?? [])
    case .sliceParameters(let subject): pieces[subject.slice] = transfer.floats
    default: break
    }
  }

  /// Does a lease; false while something that it needs is missing.
  private func perform(_ lease: Tenbin_LeaseGrant) throws -> Bool {
    let run = Int(lease.run)
    guard let message = schedules[run], let schedule = RunSchedule(message, lengths: []) else { return false }
    switch lease.work {
    case .training(let training)?:
      guard let state = states[run], state.step == Int(lease.version) else { return false }
      try train(lease, training, schedule, message.optimizer, state.numbers)
      return true
    case .blocks(let blocks)?:
      guard let numbers = numbers(of: lease) else { return false }
      let items = (schedule.evaluationBlocks + schedule.validationBlocks)[Int(blocks.first)..<Int(blocks.end)].joined()
      deliver([(.logits(Tenbin_LogitsPart()), ToyModel.logits(Array(items), numbers))], lease: lease.identifier)
      return true
    case .microBatches(let units)?:
      guard let numbers = numbers(of: lease) else { return false }
      let step = Int(lease.version)
      let microBatches = schedule.microBatches(
        step: step % schedule.stepsPerEpoch, order: schedule.order(epoch: step / schedule.stepsPerEpoch))
      let nodes = CanonicalTree.nodes(covering: Int(units.first)..<Int(units.end), total: microBatches.count)
      deliver(nodes.map { node($0, of: microBatches, numbers) }, under: lease)
      return true
    case nil: return false
    }
  }

  private func node(_ range: Range<Int>, of microBatches: [[Int]], _ numbers: [Float]) -> GradientSum {
    var node = ToyModel.node(range, of: microBatches, numbers)
    if isWrong {
      var gradient = Array(node.gradient)
      gradient[0] = Float(bitPattern: gradient[0].bitPattern ^ 1)
      node.gradient = FloatBuffer(gradient)
    }
    return node
  }

  /// The parameters for a lease; nil while they are missing. Slices are asked for with their reducers.
  private func numbers(of lease: Tenbin_LeaseGrant) -> [Float]? {
    guard !lease.slices.isEmpty else {
      guard let known = parameters[Int(lease.run)], known.version == Int(lease.version) else { return nil }
      return known.numbers
    }
    let found = lease.slices.compactMap { pieces[$0.identifier] }
    guard found.count == lease.slices.count else {
      for slice in lease.slices where pieces[slice.identifier] == nil { ask(for: slice, version: lease.version) }
      return nil
    }
    for slice in lease.slices { pieces[slice.identifier] = nil }
    return Array(found.joined())
  }

  private func ask(for slice: Tenbin_Slice, version: UInt32) {
    guard let server = audit.reducerServers[slice.reducer.endpoint] else { return }
    if connected.insert(slice.reducer.endpoint).inserted {
      server.receive(.hello(.with { $0.name = name }), from: peer)
      server.receive(.ready(peer, sharesMemory: false))
    }
    server.receive(
      .parametersRequest(
        .with {
          $0.slice = slice.identifier
          $0.version = version
        }), from: peer)
  }

  private func deliver(_ nodes: [GradientSum], under lease: Tenbin_LeaseGrant) {
    for node in nodes where !lease.slices.isEmpty { send(node, lease) }
    deliver(
      nodes.map { node in
        let part = Tenbin_GradientPart.with {
          $0.firstUnit = UInt32(node.range.lowerBound)
          $0.endUnit = UInt32(node.range.upperBound)
          $0.lossSum = node.lossSum
          $0.samples = UInt64(node.samples)
        }
        return (.gradient(part), lease.slices.isEmpty ? Array(node.gradient) : nil)
      }, lease: lease.identifier)
  }

  /// Sends each reducer its slice of a gradient.
  private func send(_ node: GradientSum, _ lease: Tenbin_LeaseGrant) {
    var start = 0
    for slice in lease.slices {
      let subject = Tenbin_SliceGradientSubject.with {
        $0.slice = slice.identifier
        $0.step = lease.version
        $0.lease = lease.identifier
        $0.firstUnit = UInt32(node.range.lowerBound)
        $0.endUnit = UInt32(node.range.upperBound)
        $0.lossSum = node.lossSum
        $0.samples = UInt64(node.samples)
      }
      let end = start + Int(slice.elements)
      audit.reducerServers[slice.reducer.endpoint]?.receive(
        .transfer(
          Transfer(subject: .sliceGradient(subject), floats: Array(node.gradient[start..<end])),
          identifier: nextTransfer, from: peer))
      nextTransfer += 1
      start = end
    }
  }

  /// Sends a delivery and the transfers that its parts name; parts without numbers name none.
  func deliver(
    _ parts: [(Tenbin_Part.OneOf_Subject, [Float]?)], lease: UInt64,
    _ complete: (inout Tenbin_Delivery) -> Void = { $0.isLast = true }
  ) {
    var delivery = Tenbin_Delivery()
    delivery.lease = lease
    for (subject, numbers) in parts {
      var part = Tenbin_Part()
      part.subject = subject
      if let numbers {
        part.transfer = nextTransfer
        let subject = Tenbin_DeliverySubject.with { $0.lease = lease }
        coordinator.receive(
          .transfer(Transfer(subject: .delivery(subject), floats: numbers), identifier: nextTransfer, from: peer))
        nextTransfer += 1
      }
      delivery.parts.append(part)
    }
    complete(&delivery)
    coordinator.receive(.delivery(delivery), from: peer)
  }

  /// Trains a run that was assigned whole, and delivers its state once, at the end.
  private func train(
    _ lease: Tenbin_LeaseGrant, _ training: Tenbin_Training, _ schedule: RunSchedule, _ optimizer: OptimizerSettings,
    _ numbers: [Float]
  ) throws {
    let part = training.state
    guard
      let state = TrainingState(
        step: Int(part.step), epoch: .init(sum: part.epochLossSum, samples: Int(part.epochSamples)),
        losses: part.losses, floats: FloatBuffer(numbers), isFresh: training.isFresh)
    else { return }
    var run = TrainingRun(schedule: schedule, training: optimizer, state: state)
    let first = run.step
    var steps: [Tenbin_StepSummary] = []
    while !run.isTrained, run.step < Int(training.endStep), steps.count < stepsOfRun {
      let microBatches = run.microBatches
      try run.add([node(0..<microBatches.count, of: microBatches, Array(run.parameters))])
      guard let step = try run.finishStep() else { break }
      steps.append(
        .with {
          $0.samples = UInt64(step.samples)
          $0.lossSum = step.lossSum
          $0.gradient = Data(TensorDigest(of: step.gradient.floats).bytes)
          $0.parameters = Data(TensorDigest(of: run.parameters.floats).bytes)
          $0.isDivergent = step.isDivergent
        })
    }
    let done = run.state
    let result = Tenbin_StatePart.with {
      $0.step = UInt32(done.step)
      $0.epochLossSum = done.epoch.sum
      $0.epochSamples = UInt64(done.epoch.samples)
      $0.losses = done.losses
    }
    deliver([(.state(result), done.buffers.flatMap { Array($0) })], lease: lease.identifier) {
      $0.firstStep = UInt32(first)
      $0.steps = steps
      $0.isLast = true
    }
  }
}

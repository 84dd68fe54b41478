internal import Checkpoints
internal import Foundation
internal import Models
internal import Optimization
internal import SwiftProtobuf
internal import Torch
package import Wire

/// A worker: says hello, is lent micro-batches, and sends back their gradients and logits, until the coordinator says
/// goodbye.
///
/// Computes on the thread that calls `run`; sockets and heartbeats have a thread of their own.
package final class Worker {
  private let name: String
  private let address: Address
  private let patience: Double
  private let mailbox = Mailbox<WorkerEvent>()
  private let endpoint: WorkerEndpoint
  private let fingerprint: WorkerFingerprint

  private var welcome: Tenbin_Welcome?
  private var computation: LeaseComputation?
  private var parameters: [LeaseComputation.ParametersKey: [Float]] = [:]
  /// Leases in the order in which they came; each waits for its parameters.
  private var leases: [Tenbin_LeaseGrant] = []
  private var nextTransfer: UInt64 = 1
  private var unitsDone: UInt64 = 0

  /// Computes the fingerprint and connects.
  ///
  /// - Parameter patience: seconds that the coordinator may be silent.
  package init(name: String, address: Address, device: String, patience: Double) throws {
    self.name = name
    self.address = address
    self.patience = patience
    fingerprint = try WorkerFingerprint(device: device)
    let mailbox = mailbox
    endpoint = try WorkerEndpoint(connectingTo: address, silenceLimit: patience) { mailbox.send($0) }
  }

  /// Works until the coordinator says goodbye.
  ///
  /// - Throws: `WorkerError` when the coordinator refuses this worker or is lost, or a lease cannot be computed.
  package func run() throws {
    defer { endpoint.close() }
    endpoint.send(
      .hello(
        .with {
          $0.name = name
          $0.process = UInt32(getpid())
          $0.fingerprint = fingerprint.message
        }))
    while let event = mailbox.receive() {
      switch event {
      case .message(let message): if try handle(message) { return }
      case .transfer(let transfer): try handle(transfer)
      case .coordinatorLost:
        throw WorkerError(
          .unreachable, "no word from the coordinator at \(address) for \(Int(patience)) s; is it running?")
      case .failed(let error): throw WorkerError(.failure, "\(error)")
      }
      try workOnLeases()
    }
  }

  /// Returns whether that was goodbye.
  private func handle(_ message: Tenbin_CoordinatorMessage) throws -> Bool {
    switch message.body {
    case .welcome(let welcome)?:
      self.welcome = welcome
      try TorchLibrary.setThreads(Int(welcome.threads))
      endpoint.connectBulk(to: try Address(welcome.bulkEndpoint))
    case .refusal(let refusal)?:
      throw WorkerError(
        refusal.mayReturn ? .givenUp : .refused,
        "the coordinator at \(address) refused this worker: \(refusal.reason)")
    case .lease(let lease)?: leases.append(lease)
    case .goodbye?: return true
    case .phaseBegan?: ProcessMemory.resetPeak()
    case .heartbeatAnswer?, nil: break
    }
    return false
  }

  private func handle(_ transfer: Transfer) throws {
    switch transfer.subject {
    case .catalogue: try prepare(catalogue: Tenbin_Catalogue(serializedBytes: transfer.payload))
    case .parameters(let subject):
      guard let floats = transfer.floats else {
        throw WorkerError(.failure, "the parameters of run \(subject.run) are no whole number of Float32")
      }
      // A newer version means that the older one's work is done, by others if not here.
      for key in parameters.keys where key.run == subject.run { parameters[key] = nil }
      leases.removeAll { $0.run == subject.run && $0.version < subject.version }
      parameters[.init(run: subject.run, version: subject.version)] = floats
    case .gradient, .logits, .ready: break
    }
  }

  private func prepare(catalogue: Tenbin_Catalogue) throws {
    guard let welcome else { return }
    let checkpoint = try CheckpointFolder(path: welcome.baseFolder)
    let preprocessor = try ImagePreprocessor(checkpoint)
    computation = LeaseComputation(
      checkpoint: checkpoint, methods: try welcome.methods.map { try AdaptationMethod($0) },
      precision: try Precision(welcome.precision), labels: Int(welcome.classes),
      items: try ItemStore(catalogue: catalogue, preprocessor: preprocessor),
      device: fingerprint.device)
  }

  private func workOnLeases() throws {
    while let lease = leases.first, let computation,
      let values = parameters[.init(run: lease.run, version: lease.version)]
    {
      leases.removeFirst()
      do {
        try work(on: lease, parameters: values, computation: computation)
      } catch {
        endpoint.send(
          .failure(
            .with {
              $0.lease = lease.identifier
              $0.reason = "\(error)"
            }))
        throw error
      }
    }
  }

  private func work(on lease: Tenbin_LeaseGrant, parameters: [Float], computation: LeaseComputation) throws {
    let began = ContinuousClock.now
    let processorBefore = ProcessMemory.processorSeconds
    var transfers: [Transfer] = []
    if lease.evaluation {
      let logits = try computation.logits(of: lease, parameters: parameters)
      transfers.append(Transfer(subject: .logits(.with { $0.lease = lease.identifier }), floats: logits))
    } else {
      for node in try computation.gradients(of: lease, parameters: parameters) {
        let subject = Tenbin_GradientSubject.with {
          $0.lease = lease.identifier
          $0.firstUnit = UInt32(node.range.lowerBound)
          $0.endUnit = UInt32(node.range.upperBound)
          $0.lossSum = node.lossSum
          $0.samples = UInt64(node.samples)
        }
        transfers.append(Transfer(subject: .gradient(subject), floats: node.gradient))
      }
    }
    let identifiers = transfers.indices.map { nextTransfer + UInt64($0) }
    nextTransfer += UInt64(transfers.count)
    for (identifier, transfer) in zip(identifiers, transfers) { endpoint.send(transfer, identifier: identifier) }
    endpoint.send(
      .delivery(
        .with {
          $0.lease = lease.identifier
          $0.transfers = identifiers
          $0.workerSeconds = (ContinuousClock.now - began) / .seconds(1)
          $0.processorSeconds = ProcessMemory.processorSeconds - processorBefore
          $0.peakResidentBytes = ProcessMemory.peakResidentBytes
        }))
    unitsDone += UInt64(lease.units.count)
    endpoint.report(unitsDone: unitsDone)
  }
}

extension AdaptationMethod {
  init(_ method: Tenbin_Method) throws(WorkerError) {
    switch method.kind {
    case .head?: self = .head
    case .full?: self = .full
    case .lora(let lora)?:
      self = .lora(
        LoRAConfiguration(
          rank: Int(lora.rank), alpha: lora.alpha, targets: lora.targets, layers: .listed(lora.layers.map(Int.init)),
          dropout: lora.dropout, isRankStabilized: lora.isRankStabilized))
    case nil: throw WorkerError(.failure, "the welcome lists a method that this worker does not know")
    }
  }
}

extension Precision {
  init(_ precision: Tenbin_Precision) throws(WorkerError) {
    switch precision {
    case .float32: self = .float32
    case .bfloat16: self = .bfloat16
    case .UNRECOGNIZED:
      throw WorkerError(.failure, "the welcome asks for a precision that this worker does not know")
    }
  }
}

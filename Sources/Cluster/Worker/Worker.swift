internal import Checkpoints
internal import Foundation
package import Logging
internal import Models
package import Support
internal import SwiftProtobuf
internal import Torch
package import Transport

/// A worker that computes with libtorch: one incarnation after another, until a coordinator says goodbye.
///
/// The fingerprint and the model take long to make and outlive an incarnation, so that a restarted coordinator finds its
/// workers ready.
package final class Worker {
  private let settings: WorkerSettings
  private let device: Device
  private var prepared: (welcome: Tenbin_Welcome, catalogue: Tenbin_Catalogue, computation: any MicroBatchComputation)?
  private let shutdown = ShutdownRequest()

  /// Computes the fingerprint.
  ///
  /// - Parameters:
  ///   - patience: the longest silence of the coordinator, in seconds.
  ///   - logger: used on any thread.
  package init(
    name: String, address: Address, security: ClientSecurity? = nil, device: String, patience: Double,
    sharesMemory: Bool = true, logger: Logger
  ) throws {
    let fingerprint = try WorkerFingerprint(device: device)
    self.device = fingerprint.device
    settings = WorkerSettings(
      name: name, address: address, security: security, fingerprint: fingerprint.message, host: Host.identifier,
      patience: patience, sharesMemory: sharesMemory, logger: logger)
  }

  /// Works until a coordinator says goodbye.
  ///
  /// - Throws: `WorkerError` when the coordinator refuses this worker or is lost, or a lease cannot be computed.
  package func run() throws {
    while true {
      let session = try WorkerSession(settings: settings) { [self] in try prepare($0, $1) }
      guard shutdown.allows(session.leave) else { return }
      do {
        return try session.run()
      } catch let error as WorkerError where error.kind == .givenUp {
        settings.logger.warning("\(error); joining again")
      }
    }
  }

  /// Finishes the current leases, and ends; from any thread.
  package var leave: @Sendable () -> Void { { [shutdown] in shutdown.begin() } }

  private func prepare(_ welcome: Tenbin_Welcome, _ catalogue: Tenbin_Catalogue) throws -> any MicroBatchComputation {
    try TorchLibrary.setThreads(Int(welcome.threads))
    var comparable = welcome
    comparable.clearShared()
    comparable.bulkEndpoint = ""
    if let prepared, prepared.welcome == comparable, prepared.catalogue == catalogue { return prepared.computation }
    let computation = try computation(welcome, catalogue)
    prepared = (comparable, catalogue, computation)
    return computation
  }

  /// The computation of the task that the welcome names.
  private func computation(
    _ welcome: Tenbin_Welcome, _ catalogue: Tenbin_Catalogue
  ) throws -> any MicroBatchComputation {
    let checkpoint = try CheckpointFolder(path: welcome.baseFolder)
    let methods = try welcome.methods.map { try AdaptationMethod($0) }
    let settings = ComputationSettings(
      precision: try Precision(welcome.precision), device: device, environment: try environment(welcome),
      activationCacheLimit: Int(clamping: welcome.activationCacheBytes))
    switch welcome.task {
    case .imageClassification:
      let files = try ItemFiles(catalogue: catalogue, cache: ItemFiles.hostCache)
      return ImageComputation(
        checkpoint: checkpoint, methods: methods,
        items: ItemStore(files: files, preprocessor: try ImagePreprocessor(checkpoint)), labels: Int(welcome.classes),
        flipProbability: welcome.flipProbability, settings: settings)
    case .textClassification:
      return TextClassificationComputation(
        checkpoint: checkpoint, methods: methods, items: try SequenceItems(catalogue: catalogue),
        padding: Int(welcome.paddingToken), labels: Int(welcome.classes), settings: settings)
    case .languageModelling:
      return LanguageModelComputation(
        checkpoint: checkpoint, methods: methods, items: try SequenceItems(catalogue: catalogue),
        padding: Int(welcome.paddingToken), endTokens: Set(welcome.endTokens.map(Int.init)), settings: settings)
    case .UNRECOGNIZED: throw WorkerError(.failure, "the welcome names a task that this worker does not know")
    }
  }

  /// The digest of the base, and of everything that the bits of a matrix product depend on besides its operands.
  private func environment(_ welcome: Tenbin_Welcome) throws -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(bytes: Array(welcome.baseHash))
    hasher.update(bytes: try settings.fingerprint.serializedBytes())
    hasher.combine(Int(welcome.threads))
    return hasher.finish()
  }
}

/// The name of this machine.
enum Host {
  /// The same for all processes since the machine was started, whatever its network name.
  static var identifier: String {
    let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    return boot?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ProcessInfo.processInfo.hostName
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
    case .UNRECOGNIZED: throw WorkerError(.failure, "the welcome names a precision that this worker does not know")
    }
  }
}

/// Why a worker ends.
package struct WorkerError: ErrorWithExitStatus, Sendable, CustomStringConvertible {
  package let kind: Kind
  package let description: String

  package enum Kind: Sendable {
    /// The coordinator cannot be reached, or was lost.
    case unreachable
    /// The coordinator does not admit this worker.
    case refused
    /// The coordinator dropped this worker, but it may come back as a new incarnation.
    case givenUp
    case failure
  }

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  package var exitStatus: CommandStatus? { kind == .unreachable ? .unreachable : .failure }
}

import ArgumentParser
import Foundation
import Logging
import Support
import Transport
import Worker

/// A worker that computes for a coordinator.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Run a worker that computes for a coordinator.",
    discussion: "After Ctrl-C it finishes its leases and ends. A second Ctrl-C ends it at once.")

  @Option(help: "Where the coordinator listens, for example tcp://127.0.0.1:5555.")
  var connect: String

  @Option(help: "The worker's name in messages; default: the host's name.")
  var name: String?

  @Option(help: "The device: cpu, or cuda where libtorch offers it.")
  var device: String = "cpu"

  @Option(help: "Seconds that the coordinator may be silent before the worker gives up.")
  var patience: Double = 30

  @Option(help: "This worker's key file, made by `tenbin keys worker`; needed beyond this host.", completion: .file())
  var key: String?

  @Flag(inversion: .prefixedNo, help: "Share memory with a coordinator on this host.")
  var sharedMemory = true

  @Option(
    help: "The least severe events that are logged: trace, debug, info, notice, warning, error or critical.",
    transform: ProcessLog.level)
  var logLevel: Logger.Level = .info

  func validate() throws {
    if !(patience >= 1 && patience <= 1e6) { throw ValidationError("--patience must be from 1 to 1000000 seconds") }
  }

  func run() throws {
    try reportingErrors(logging: logLevel) {
      let name = name ?? ProcessInfo.processInfo.hostName
      var logger = Logger(label: "worker")
      logger[metadataKey: "worker"] = "\(name)"
      let worker = try Worker(
        name: name, address: try Address(connect), security: try key.map { try ClientSecurity(file: $0) },
        device: device, patience: patience, sharesMemory: sharedMemory, logger: logger)
      let signals = StopSignals.first(worker.leave)
      defer { for signal in signals { signal.cancel() } }
      try worker.run()
    }
  }
}

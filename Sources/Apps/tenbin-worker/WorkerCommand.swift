import ArgumentParser
import Foundation
import Support
import Transport
import Worker

/// A worker that computes for a coordinator.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Run a worker that computes for a coordinator.",
    discussion: "Ctrl-C lets it finish what it holds and end; a second one ends it at once.")

  @Option(help: "Where the coordinator listens, for example tcp://127.0.0.1:5555.")
  var connect: String

  @Option(help: "What people call this worker; the host's name when left out.")
  var name: String?

  @Option(help: "Where tensors are made: cpu, or cuda where libtorch offers it.")
  var device: String = "cpu"

  @Option(help: "Seconds that the coordinator may be silent before the worker gives up.")
  var patience: Double = 30

  @Option(help: "This worker's key file, made by `tenbin keys worker`; needed beyond this host.", completion: .file())
  var key: String?

  @Flag(inversion: .prefixedNo, help: "Share memory with a coordinator on this host.")
  var sharedMemory = true

  func validate() throws {
    if !(patience >= 1 && patience <= 1e6) { throw ValidationError("--patience must be from 1 to 1000000 seconds") }
  }

  func run() throws {
    do {
      let worker = try Worker(
        name: name ?? ProcessInfo.processInfo.hostName, address: try Address(connect),
        security: try key.map { try ClientSecurity(file: $0) }, device: device, patience: patience,
        sharesMemory: sharedMemory, notice: { FileHandle.standardError.write(Data("\($0)\n".utf8)) })
      let signals = StopSignals.first(worker.leave)
      defer { for signal in signals { signal.cancel() } }
      try worker.run { FileHandle.standardError.write(Data("\($0); coming back\n".utf8)) }
    } catch {
      FileHandle.standardError.write(Data("error: \(error)\n".utf8))
      throw ExitCode(error is WireError ? 78 : (error as? WorkerError)?.exitCode ?? 1)
    }
  }
}

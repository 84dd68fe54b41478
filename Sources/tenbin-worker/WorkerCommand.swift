import ArgumentParser
import Foundation
import Wire
import Worker

/// A worker that computes for a coordinator.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Run a worker that computes for a coordinator.")

  @Option(help: "Where the coordinator listens, for example tcp://127.0.0.1:5555.")
  var connect: String

  @Option(help: "What people call this worker; the host's name when left out.")
  var name: String?

  @Option(help: "Where tensors are made: cpu, or cuda where libtorch offers it.")
  var device: String = "cpu"

  @Option(help: "Seconds that the coordinator may be silent before the worker gives up.")
  var patience: Double = 30

  func validate() throws {
    if !(patience >= 1 && patience <= 1e6) { throw ValidationError("--patience must be from 1 to 1000000 seconds") }
  }

  /// Runs the worker; returns whether it was given up and may come back as a new incarnation.
  private static func isGivenUp(_ worker: Worker) throws -> Bool {
    do {
      try worker.run()
      return false
    } catch let error as WorkerError where error.kind == .givenUp {
      FileHandle.standardError.write(Data("\(error); coming back\n".utf8))
      return true
    }
  }

  func run() throws {
    do {
      var isGivenUp = true
      while isGivenUp {
        let worker = try Worker(
          name: name ?? ProcessInfo.processInfo.hostName, address: try Address(connect), device: device,
          patience: patience)
        isGivenUp = try Self.isGivenUp(worker)
      }
    } catch {
      FileHandle.standardError.write(Data("error: \(error)\n".utf8))
      throw ExitCode(error is WireError ? 78 : (error as? WorkerError)?.exitCode ?? 1)
    }
  }
}

import ArgumentParser
import Checkpoints
import Torch

extension Precision: ExpressibleByArgument {}

/// The precision, device and threads that a model is computed with.
struct ComputationOptions: ParsableArguments {
  @Option(help: "The arithmetic: fp32 or bf16.")
  var dtype: Precision = .float32

  @Option(help: "The device: cpu, or cuda where libtorch offers it.")
  var device: String = "cpu"

  @Option(help: "Threads that one operation may use; libtorch's choice when left out.")
  var threads: Int?

  func validate() throws {
    if let threads, !(1...4096).contains(threads) { throw ValidationError("--threads must be from 1 to 4096") }
  }

  /// Applies the threads and returns the device.
  func apply() throws -> Device {
    if let threads { try TorchLibrary.setThreads(threads) }
    return try Device(named: device)
  }
}

package import Checkpoints
package import Support
package import Torch

/// The settings of a step benchmark.
package struct StepSettings: Sendable {
  /// A name of `StepArchitecture`, or the path of a checkpoint folder.
  package var model: String
  package var method: AdaptationMethod
  package var precision: Precision
  package var device: Device
  /// Samples per step.
  package var batch: Int
  /// Tokens per text.
  package var length: Int
  package var threads: Int
  package var steps: Int
  /// Steps before the measured ones.
  package var warmup: Int

  package init(
    model: String, method: AdaptationMethod, precision: Precision, device: Device, batch: Int, length: Int,
    threads: Int, steps: Int, warmup: Int
  ) {
    self.model = model
    self.method = method
    self.precision = precision
    self.device = device
    self.batch = batch
    self.length = length
    self.threads = threads
    self.steps = steps
    self.warmup = warmup
  }
}

/// Why a benchmark cannot run.
package struct BenchmarkError: ErrorWithExitStatus, CustomStringConvertible {
  package let description: String
  package let exitStatus: CommandStatus?

  /// - Parameter exitStatus: Wrong input where an option or a file is the cause; a failure otherwise.
  init(_ description: String, exitStatus: CommandStatus = .failure) {
    (self.description, self.exitStatus) = (description, exitStatus)
  }
}

internal import Checkpoints
internal import Coordinator
internal import Planning

/// What an audit leaves behind.
extension Coordinator {
  /// Writes a task run's checkpoint: a PEFT folder for LoRA, a Hugging Face folder else.
  func writeCheckpoint(of run: PlannedRun, parameters: [Float]) throws {
    try CheckpointWriter.write(
      folder: "\(output.path)/checkpoints/\(run.identifier)", base: inputs.checkpoint, layout: inputs.layouts[run.arm],
      labels: inputs.classNames, values: parameters)
  }

  /// Writes what the audit came to; shells that ask are answered meanwhile.
  func writeResults() throws -> AuditOutcome {
    progress.phase = "evaluating groups and attacks"
    showProgress()
    return try AuditResults(inputs: inputs, completed: completed, output: output, workers: options.localWorkers)
      .write { try eventLoop.step() }
  }
}

internal import Checkpoints
internal import Datasets
internal import Fairness
internal import Ledger
internal import Plan
internal import Privacy
internal import RandomNumbers
internal import Report

/// What an audit leaves behind.
extension Coordinator {
  /// Writes a task run's checkpoint: a PEFT folder for LoRA, a Hugging Face folder else.
  func writeCheckpoint(of run: PlannedRun, parameters: [Float]) throws {
    try CheckpointWriter.write(
      folder: "\(output.path)/checkpoints/\(run.identifier)", base: inputs.checkpoint, layout: inputs.layouts[run.arm],
      labels: inputs.classNames, values: parameters)
  }

  /// Writes predictions, results, tables and report from what the ledger holds.
  func writeResults() throws -> AuditOutcome {
    progress.phase = "evaluating groups and attacks"
    showProgress()
    for file in PredictionTables.files(inputs: inputs, completed: completed) {
      try output.write(file.bytes, to: file.path)
    }
    let evidence = AuditEvidence(inputs: inputs, completed: completed)
    let report = try evidence.report(costs: output.ledger.costs(), workers: options.localWorkers)
    for file in report.files() { try output.write(file.bytes, to: file.path) }
    return AuditOutcome(verdicts: report.verdictLines(), report: "\(output.path)/report.html")
  }
}

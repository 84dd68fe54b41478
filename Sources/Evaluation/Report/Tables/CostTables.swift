extension AuditReport {
  /// One row for every arm and phase, as measured on this execution.
  func costsTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "phase", "workers", "wall_seconds", "worker_seconds", "processor_seconds"]
        + ["coordinator_processor_seconds", "bytes_sent", "bytes_received", "peak_resident_bytes"]
        + ["trainable_parameters"])
    for cost in costs {
      let seconds = [
        cost.wallSeconds, cost.workerSeconds, cost.processorSeconds, cost.coordinatorProcessorSeconds,
      ]
      table.append(
        [cost.arm, cost.phase.rawValue, String(workers)] + seconds.map(Field.number)
          + [String(cost.bytesSent), String(cost.bytesReceived), String(cost.peakResidentBytes)]
          + [description(of: cost.arm).map { String($0.trainableParameters) } ?? ""])
    }
    return table
  }

  /// One row for every run and epoch, epochs numbered from 1.
  func lossesTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(header: ["arm", "seed", "model", "epoch", "loss", "loss_undefined"])
    for run in losses {
      for (epoch, loss) in run.epochs.enumerated() {
        table.append(
          [run.arm, run.seed.map { String($0) } ?? "", run.model.map { String($0) } ?? "", String(epoch + 1)]
            + [Field.number(loss), loss.isFinite ? "" : "the loss is not finite"])
      }
    }
    return table
  }
}

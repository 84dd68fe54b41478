extension AuditReport {
  /// `costs.json`: what this execution measured; the only document that depends on workers and clocks.
  package func costsDocument() -> [UInt8] {
    JSONValue.object([
      "schema": .integer(Self.schemaVersion), "name": .string(name), "plan_hash": .string(planHash),
      "workers": .integer(workers), "costs": .array(costs.map(\.json)),
    ]).bytes
  }
}

extension PhaseCost {
  fileprivate var json: JSONValue {
    .object([
      "arm": .string(arm), "phase": .string(phase.rawValue), "wall_seconds": .figure(wallSeconds, n: 1),
      "worker_seconds": .figure(workerSeconds, n: 1), "processor_seconds": .figure(processorSeconds, n: 1),
      "coordinator_processor_seconds": .figure(coordinatorProcessorSeconds, n: 1),
      "bytes_sent": .integer(bytesSent), "bytes_received": .integer(bytesReceived),
      "peak_resident_bytes": .integer(peakResidentBytes),
    ])
  }
}

package import Transport

/// How an audit is run; nothing here changes its results.
package struct AuditOptions: Sendable {
  /// Where results, ledger and checkpoints go.
  package var output: String
  /// The output folder by which shells find it.
  package var administered: String
  /// Worker processes that the coordinator starts itself.
  package var localWorkers: Int
  /// The least severe events that its own workers log, by swift-log's name.
  package var logLevel: String
  /// Where workers connect; nil for a socket in a private folder of this host.
  package var address: Address?
  /// The keys that workers and administrators must have; nil for none.
  package var security: ServerSecurity?
  /// How long the audit waits without any worker.
  package var patience: Duration
  /// Whether workers of this host share memory with the coordinator.
  package var sharesMemory: Bool
  /// Mean time between faults that the audit makes in its own workers; nil for none.
  package var chaos: Duration?
  /// The share of work that two workers compute, to be compared bit for bit.
  package var duplicates: Double
  /// The number of parameters from which a run is cut into slices, if there are reducers.
  package var slicesFrom: Int

  package init(
    output: String, localWorkers: Int, logLevel: String = "info", address: Address? = nil,
    security: ServerSecurity? = nil,
    patience: Duration = .seconds(60), sharesMemory: Bool = true, chaos: Duration? = nil, duplicates: Double = 0,
    slicesFrom: Int = 1 << 20
  ) {
    self.output = output
    administered = output
    self.localWorkers = localWorkers
    self.logLevel = logLevel
    self.address = address
    self.security = security
    self.patience = patience
    self.sharesMemory = sharesMemory
    self.chaos = chaos
    self.duplicates = duplicates
    self.slicesFrom = slicesFrom
  }
}

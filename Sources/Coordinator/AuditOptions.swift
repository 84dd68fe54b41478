package import Wire

/// How an audit is run; nothing here reaches its results.
package struct AuditOptions: Sendable {
  /// Where results, ledger and checkpoints go.
  package var output: String
  /// Worker processes that the coordinator starts itself.
  package var localWorkers: Int
  /// Where workers connect; nil for a socket in a private folder of this host.
  package var address: Address?
  /// How long the audit waits when it has no worker.
  package var patience: Duration

  package init(output: String, localWorkers: Int, address: Address? = nil, patience: Duration = .seconds(60)) {
    self.output = output
    self.localWorkers = localWorkers
    self.address = address
    self.patience = patience
  }
}

/// What an audit leaves on disk, in bytes; estimated.
package struct DiskForecast: Sendable, Equatable, Encodable {
  package let checkpoints: Int
  package let ledger: Int
  package let predictions: Int
  /// Results, tables and the report.
  package let report: Int
  /// All of the output folder.
  package let output: Int
  /// The base in the audit's precision, where its file holds another; made once a host.
  package let cache: Int

  /// Names, two digests and the deliveries of one step, with SQLite's index and write-ahead log.
  private static let bytesPerStep = 400
  private static let ledgerBase = 256 << 10
  /// A logit in decimal, without loss of bits, and its comma.
  private static let digitsPerLogit = 12
  /// Arm, seed, item, label, groups and cluster.
  private static let bytesPerRow = 64
  private static let reportBytes = 1 << 20

  init(_ workload: AuditWorkload) {
    let total = workload.total
    checkpoints = workload.arms.reduce(0) { sum, arm in
      arm.method == .given ? sum : sum + arm.runs.runs * arm.checkpointBytes
    }
    ledger = Self.ledgerBase + total.steps * Self.bytesPerStep + 4 * total.evaluatedSamples * workload.classes
    predictions = total.evaluatedSamples * (Self.bytesPerRow + Self.digitsPerLogit * workload.classes)
    report = Self.reportBytes
    output = checkpoints + ledger + predictions + report
    cache = workload.arms.contains { $0.method != .full } ? workload.model.convertedFileBytes : 0
  }
}

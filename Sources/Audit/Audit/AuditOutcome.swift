/// What an audit came to, for the terminal.
package struct AuditOutcome: Sendable {
  /// One line for every arm and group.
  package let verdicts: [String]
  /// The path of the report.
  package let report: String
}

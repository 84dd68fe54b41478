package import Support

/// Why an audit cannot start or continue.
package struct AuditError: ErrorWithExitStatus, Sendable, CustomStringConvertible {
  package let kind: Kind
  package let description: String

  package enum Kind: Sendable {
    /// The specification, the data or the checkpoint cannot be used; nothing was written.
    case configuration
    /// Something failed while the audit ran.
    case failure
    /// There is no such audit, or it does not answer.
    case unreachable
    /// The audit was stopped; the same command resumes it.
    case stopped
  }

  package var exitStatus: CommandStatus? {
    switch kind {
    case .configuration: .wrongInput
    case .failure: .failure
    case .unreachable: .unreachable
    case .stopped: .stopped
    }
  }

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// Runs `body` and turns whatever it throws into an error of `kind`, or of configuration where the error itself says
  /// that the user's input is wrong.
  static func wrapping<Value>(_ kind: Kind, _ body: () throws -> Value) throws(AuditError) -> Value {
    do {
      return try body()
    } catch let error as AuditError {
      throw error
    } catch {
      throw AuditError(CommandStatus(of: error, otherwise: .failure) == .wrongInput ? .configuration : kind, "\(error)")
    }
  }
}

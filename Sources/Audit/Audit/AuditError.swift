internal import Transport

/// Why an audit cannot start or continue.
package struct AuditError: Error, Sendable, CustomStringConvertible {
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

  /// The exit code of a command that ends with this error (after sysexits.h).
  package var exitCode: Int32 {
    switch kind {
    case .configuration: 78
    case .failure: 1
    case .unreachable: 69
    case .stopped: 75
    }
  }

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// Runs `body` and turns whatever it throws into an error of `kind`.
  static func wrapping<Value>(_ kind: Kind, _ body: () throws -> Value) throws(AuditError) -> Value {
    do {
      return try body()
    } catch let error as AuditError {
      throw error
    } catch let error as WireError where error.isConfiguration {
      throw AuditError(.configuration, "\(error)")
    } catch {
      throw AuditError(kind, "\(error)")
    }
  }
}

extension WireError {
  /// Whether the user gave a wrong option, in contrast to a failure.
  fileprivate var isConfiguration: Bool {
    switch self {
    case .address, .withoutKeys, .keyFile: true
    default: false
    }
  }
}

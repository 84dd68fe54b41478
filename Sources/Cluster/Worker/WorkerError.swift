/// Why a worker cannot go on.
package struct WorkerError: Error, Sendable, CustomStringConvertible {
  package let kind: Kind
  package let description: String

  package enum Kind: Sendable {
    /// The coordinator cannot be reached, or was lost.
    case unreachable
    /// The coordinator does not let this worker in.
    case refused
    /// The coordinator gave this worker up, but it may come back as a new incarnation.
    case givenUp
    case failure
  }

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// The exit code of a worker that ends with this error.
  package var exitCode: Int32 { 1 }
}

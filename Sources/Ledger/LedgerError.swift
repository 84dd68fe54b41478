package import Hashing

/// Why the ledger or a state cannot be read or written.
package enum LedgerError: Error, Equatable, Sendable, CustomStringConvertible {
  case unreadable(file: String, problem: String)
  case unwritable(file: String, problem: String)
  case otherAudit(file: String, expected: ContentHash, found: String)
  /// A replayed step came to other bits than the ledger holds.
  case replayDiffers(run: String, step: Int, what: String)

  package var description: String {
    switch self {
    case .unreadable(let file, let problem): "\(file): cannot be read: \(problem)"
    case .unwritable(let file, let problem):
      "\(file): cannot be written: \(problem); nothing that was committed is lost, start the same command again"
    case .otherAudit(let file, let expected, let found):
      "\(file): the folder holds another audit (plan \(found.prefix(12))…, not \(expected.description.prefix(12))…); "
        + "choose another --output, or the specification and data that it was made from"
    case .replayDiffers(let run, let step, let what):
      "\(run), step \(step): the \(what) computed again differs from the one in the ledger; "
        + "the processor, libtorch or the number of threads has changed since: go on where the audit was begun"
    }
  }
}

internal import Foundation
internal import GRDB
package import Support

/// Why the ledger or a state cannot be read or written.
package enum LedgerError: Error, Equatable, Sendable, CustomStringConvertible {
  case unreadable(file: String, problem: String)
  case unwritable(file: String, problem: String)
  /// The file exists, but does not hold what was written.
  case damaged(file: String, problem: String)
  case otherAudit(file: String, expected: ContentHash, found: String)
  case otherVersion(file: String, found: String)
  /// A replayed step has other bits than the ledger holds.
  case replayDiffers(run: String, step: Int, what: String)

  package var description: String {
    switch self {
    case .unreadable(let file, let problem): "\(file): cannot be read: \(problem)"
    case .unwritable(let file, let problem):
      "\(file): cannot be written: \(problem); nothing that was committed is lost, start the same command again"
    case .damaged(let file, let problem):
      "\(file): is damaged: \(problem); put a copy in its place"
    case .otherAudit(let file, let expected, let found):
      "\(file): the folder holds another audit (plan \(found.prefix(12))…, not \(expected.description.prefix(12))…); "
        + "name the specification and data that it was made from"
    case .otherVersion(let file, let found):
      "\(file): was made by another version of Tenbin (ledger version \(found), this one has \(LedgerSchema.version)); "
        + "use the version that made it"
    case .replayDiffers(let run, let step, let what):
      "\(run), step \(step): the \(what) computed again differs from the one in the ledger; "
        + "the processor, libtorch or the number of threads has changed since: continue on the machine where the audit was begun"
    }
  }

  /// Whether a new audit can be written to another folder, as this ledger cannot be continued.
  package var asksForAnotherFolder: Bool {
    switch self {
    case .damaged, .otherAudit, .otherVersion: true
    case .unreadable, .unwritable, .replayDiffers: false
    }
  }

  /// The error of a transaction.
  ///
  /// - Parameter other: the error for causes other than the disk and damage.
  init(_ error: any Error, file: String, else other: (_ file: String, _ problem: String) -> LedgerError) {
    switch error {
    case let error as LedgerError: self = error
    case let error as RowError: self = .damaged(file: file, problem: error.description)
    case let error as DatabaseError:
      let problem = error.message ?? error.description
      switch error.resultCode {
      case .SQLITE_FULL: self = .unwritable(file: file, problem: "the disk is full")
      case .SQLITE_IOERR, .SQLITE_CANTOPEN:
        self = Self.isFull(file) ? .unwritable(file: file, problem: "the disk is full") : other(file, problem)
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(file: file, problem: problem)
      default: self = other(file, problem)
      }
    default: self = other(file, "\(error)")
    }
  }

  /// Whether there is no room for even a few pages, which SQLite does not always report.
  private static func isFull(_ file: String) -> Bool {
    var status = statvfs()
    let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
    return statvfs(folder, &status) == 0 && UInt64(status.f_bavail) * UInt64(status.f_frsize) < 64 << 10
  }
}

extension LedgerError: ErrorWithExitStatus {
  package var exitStatus: CommandStatus? {
    switch self {
    case .otherAudit, .otherVersion, .unreadable: .wrongInput
    case .unwritable, .damaged, .replayDiffers: .failure
    }
  }
}

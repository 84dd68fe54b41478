/// The exit codes of every command, after sysexits.h; docs/running.md lists the same.
package enum CommandStatus: Int32, CaseIterable, Sendable {
  case success = 0
  /// Something failed, or a check did not hold.
  case failure = 1
  case policyBroken = 2
  case notEnoughData = 3
  /// The command line is wrong.
  case usage = 64
  /// There is no such audit, or its coordinator does not answer.
  case unreachable = 69
  /// The audit was stopped; the same command resumes it.
  case stopped = 75
  /// A file, a key or a specification is wrong.
  case wrongInput = 78

  /// The status of a command that ends with `error`.
  ///
  /// - Parameter other: for errors that do not know their own.
  package init(of error: any Error, otherwise other: CommandStatus) {
    self = (error as? any ErrorWithExitStatus)?.exitStatus ?? other
  }
}

/// An error that knows what a command which ends with it has to report.
package protocol ErrorWithExitStatus: Error {
  /// nil where it depends on what the command was doing.
  var exitStatus: CommandStatus? { get }
}

extension FileError: ErrorWithExitStatus {
  /// A file that cannot be read may be wrongly named; one that cannot be written is a failure.
  package var exitStatus: CommandStatus? {
    switch step {
    case .open, .examine, .read, .map: nil
    case .create, .write, .flush, .rename, .lock, .makeFolder, .flushFolder, .replaceFolder: .failure
    }
  }
}

import ArgumentParser
import Foundation
import Logging
import Support
import Torch

/// Runs `body`; an error becomes one line on standard error and an exit code.
///
/// - Parameters:
///   - level: the least severe events that are logged: only warnings where standard error is for what the command says.
///   - status: of errors that have none of their own.
func reportingErrors(
  logging level: Logger.Level = .warning, otherwise status: CommandStatus = .failure, _ body: () throws -> Void
) throws {
  ProcessLog.start(level: level)
  do {
    try body()
  } catch {
    note("error: \(error)")
    throw ExitCode(CommandStatus(of: error, otherwise: status).rawValue)
  }
}

/// Writes a line to standard error.
func note(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

extension TorchError: ErrorWithExitStatus {
  var exitStatus: CommandStatus? {
    switch self {
    // A device is named on the command line.
    case .unknownDevice, .unavailable: .usage
    case .failed, .shape: .failure
    }
  }
}

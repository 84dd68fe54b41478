import ArgumentParser
import Logging
import Support

/// The log options of a long-running process.
struct LogOptions: ParsableArguments {
  @Option(
    help: "The least severe events that are logged: trace, debug, info, notice, warning, error or critical.",
    transform: ProcessLog.level)
  var logLevel: Logger.Level = .info

  /// Begins the log; call it once, before the first logger is made.
  func start() { ProcessLog.start(level: logLevel) }
}

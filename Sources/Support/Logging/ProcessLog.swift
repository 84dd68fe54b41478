package import Logging

/// The log of this process: one line per event on standard error, with its time, level and metadata.
package enum ProcessLog {
  /// Sends every logger that is made from now on to standard error. Call it once, before the first logger is made;
  /// loggers of a process that never calls it write at level info.
  ///
  /// - Parameter level: the least severe level that is written.
  package static func start(level: Logger.Level) {
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
  }

  /// The level that a command line names.
  package static func level(_ name: String) throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: name) else { throw UnknownLevel() }
    return level
  }

  private struct UnknownLevel: Error, CustomStringConvertible {
    let description =
      "expected one of: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))"
  }
}

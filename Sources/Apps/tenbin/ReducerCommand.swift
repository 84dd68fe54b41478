import ArgumentParser
import Coordinator
import Foundation
import Logging
import Support
import Transport

/// A process that holds slices of large models' parameters.
struct ReducerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reducer", abstract: "Hold slices of large models' parameters for workers on several hosts.",
    discussion: """
      One on each host: parameters and gradients of runs that several hosts share then go between workers and reducers, \
      and no link carries all of them. Ctrl-C lets it go; its runs go on from their last state. It never changes the \
      results.
      """)

  @Option(help: "Where the coordinator listens, for example tcp://127.0.0.1:5555.")
  var connect: String

  @Option(
    help:
      "Where workers reach this reducer, for example tcp://10.0.0.2:5557; beyond this host the next port is used too.")
  var listen: String

  @Option(help: "What people call this reducer; the host's name when left out.")
  var name: String?

  @Option(help: "Seconds that the coordinator may be silent before the reducer gives up.")
  var patience: Double = 30

  @Option(
    help: "This reducer's key file, made by `tenbin keys reducer`; needed beyond this host.", completion: .file())
  var key: String?

  @OptionGroup var log: LogOptions

  func validate() throws {
    if !(patience >= 1 && patience <= 1e6) { throw ValidationError("--patience must be from 1 to 1000000 seconds") }
  }

  func run() throws {
    log.start()
    let name = name ?? ProcessInfo.processInfo.hostName
    var logger = Logger(label: "reducer")
    logger[metadataKey: "reducer"] = "\(name)"
    let settings = try Session.reportingErrors { [logger] in
      ReducerSettings(
        name: name, coordinator: try Address(connect),
        listen: try Address(listen), security: try key.map { try ClientSecurity(file: $0) },
        host: ProcessInfo.processInfo.hostName, patience: patience,
        notice: { logger.info("\($0)") })
    }
    let shutdown = ShutdownRequest()
    let signals = StopSignals.first { shutdown.begin() }
    defer { for signal in signals { signal.cancel() } }
    try Session.reportingErrors {
      while true {
        let reducer = try Reducer(settings: settings)
        guard shutdown.allows(reducer.leave) else { return }
        do {
          return try reducer.run()
        } catch let error as ReducerError where error.mayReturn {
          logger.warning("\(error); coming back as a new incarnation")
        }
      }
    }
  }
}

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
      Start one on each host. Parameters and gradients of runs that several hosts share then travel between workers and \
      reducers, and no link carries all of them. After Ctrl-C its runs resume from their last state. A reducer never \
      changes the results.
      """)

  @Option(help: "Where the coordinator listens, for example tcp://127.0.0.1:5555.")
  var connect: String

  @Option(
    help:
      "Where workers reach this reducer, for example tcp://10.0.0.2:5557; on a network it also uses the next port.")
  var listen: String

  @Option(help: "The reducer's name in messages; default: the host's name.")
  var name: String?

  @Option(help: "Seconds without a message from the coordinator after which the reducer gives up.")
  var patience: Double = 30

  @Option(
    help: "This reducer's key file, made by `tenbin keys reducer`; needed on a network.", completion: .file())
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
          logger.warning("\(error); joining again")
        }
      }
    }
  }
}

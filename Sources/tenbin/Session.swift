import ArgumentParser
import Coordinator
import Dispatch
import Foundation
import Wire

/// An audit as a terminal sees it: progress on standard error, results on standard output, signals, exit codes.
enum Session {
  /// - Parameter localWorkers: how many workers to start, given what the specification says.
  static func run(
    specification: String, output: String, localWorkers: (Int) -> Int, listen: String?, patience: Int
  ) throws {
    let display = ProgressDisplay()
    try reportingErrors(display) {
      let address = try listen.map { try Address($0) }
      display.line("reading \(specification)")
      let inputs = try AuditInputs(specificationFile: specification)
      let options = AuditOptions(
        output: output, localWorkers: localWorkers(inputs.plannedWorkers), address: address,
        patience: .seconds(patience))
      let coordinator = try Coordinator(inputs: inputs, options: options) { display.show($0) }
      display.line(inputs.summary)
      if options.localWorkers == 0 { display.line("workers join with: tenbin worker --connect \(coordinator.address)") }
      let signals = [SIGINT, SIGTERM].map { onSignal($0, coordinator.stop) }
      defer { for signal in signals { signal.cancel() } }
      let outcome = try coordinator.run()
      display.finish()
      for line in outcome.verdicts { print(line) }
      print("report: \(outcome.report)")
    }
  }

  /// Runs `body`; an error becomes one line on standard error and an exit code.
  static func reportingErrors(_ display: ProgressDisplay, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as AuditError {
      display.line("error: \(error)")
      throw ExitCode(error.exitCode)
    } catch let error as WireError {
      display.line("error: \(error)")
      throw ExitCode(78)
    } catch {
      display.line("error: \(error)")
      throw ExitCode(1)
    }
  }

  private static func onSignal(_ number: Int32, _ action: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler(handler: action)
    source.resume()
    return source
  }
}

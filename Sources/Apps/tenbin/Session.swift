import ArgumentParser
import Audit
import Datasets
import Dispatch
import Foundation
import Logging
import Report
import Support
import Synchronization
import Transport

/// An audit as a terminal sees it: progress on standard error, results on standard output, signals, exit codes.
enum Session {
  /// - Parameter options: how to run it, given what the specification says.
  static func run(specification: String, options: (AuditInputs) throws -> AuditOptions) throws {
    let logger = Logger(label: "coordinator")
    let display = ProgressDisplay()
    try reportingErrors(display) {
      display.line("reading \(specification)")
      let inputs = try AuditInputs(specificationFile: specification)
      let options = try options(inputs)
      let audit = StagedAudit(inputs: inputs, options: options)
      let signals = stopOnSignals(audit)
      defer { for signal in signals { signal.cancel() } }
      let outcome = try audit.run { progress in
        var progress = progress
        if let notice = progress.notice {
          // A log line must not be appended to the line that shows progress.
          display.finish()
          logger.info("\(notice)")
          progress.notice = nil
        }
        display.show(progress)
      } announce: { summary, address in
        display.line(summary)
        if options.localWorkers == 0 { display.line("workers join with: tenbin worker --connect \(address)") }
      }
      display.finish()
      for line in outcome.verdicts { print(line) }
      print("report: \(outcome.report)")
    }
  }

  /// The first Ctrl-C stops as `tenbin stop` does, the second ends at once.
  private static func stopOnSignals(_ audit: StagedAudit) -> [any DispatchSourceSignal] {
    let count = SignalCount()
    return StopSignals.handle { _ in count.next() == 1 ? audit.stop() : audit.abort() }
  }

  /// Runs `body`; an error becomes one line on standard error and an exit code.
  ///
  /// - Parameter status: of errors that have none of their own.
  static func reportingErrors<Value>(
    _ display: ProgressDisplay = ProgressDisplay(), otherwise status: CommandStatus = .failure,
    _ body: () throws -> Value
  ) throws -> Value {
    do {
      return try body()
    } catch let error as ExitCode {
      throw error
    } catch {
      display.line("error: \(error)")
      throw ExitCode(CommandStatus(of: error, otherwise: status))
    }
  }
}

extension ExitCode {
  init(_ status: CommandStatus) { self.init(status.rawValue) }
}

/// An error of a command.
struct CommandError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Counts signals, on whichever thread they are handled.
private final class SignalCount: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock {
      $0 += 1
      return $0
    }
  }
}
